import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { expect, it } from 'vitest';
import { frame } from '../../../processor/otlp/frames.ts';
import { readLinks, type Link } from '../../../processor/otlp/links.ts';

const [TRACE, SPAN, PARENT] = ['a1'.repeat(16), 'b2'.repeat(8), 'c3'.repeat(8)];
const [LINK, ROOT]: readonly Link[] = [
  { traceId: TRACE, spanId: SPAN, parentSpanId: PARENT },
  { traceId: TRACE, spanId: SPAN, parentSpanId: '' },
];
const id = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
const [trace, span, state, parent, name] = [
  frame(1, id(TRACE)),
  frame(2, id(SPAN)),
  frame(3, Buffer.from('vendor=1')),
  frame(4, id(PARENT)),
  frame(5, Buffer.from('GET /')),
];
const flags = new BinaryWriter().tag(16, WireType.Bit32).fixed32(1).finish();

function linksOf(...fields: readonly Uint8Array[]): readonly Link[] {
  const spans = frame(2, Buffer.concat([frame(2, Buffer.concat(fields))]));
  return readLinks(frame(1, spans), 'protobuf', () => true);
}

it.each([
  ['a span below another', [trace, span, parent, name], [LINK]],
  ['a root', [trace, span, name], [ROOT]],
  ['a root with flags alone', [trace, span, flags], [ROOT]],
  ['nothing after the ids', [trace, span], [ROOT]],
  ['a trace state in between', [trace, span, state, parent, name], [LINK]],
  ['a long trace state', [trace, span, frame(3, Buffer.alloc(300, 'v')), parent, name], [LINK]],
  ['a root with a trace state', [trace, span, state, name], [ROOT]],
  ['ids in another order', [span, parent, trace, name], [LINK]],
  ['a parent of zeros', [trace, span, frame(4, Buffer.alloc(8)), name], [ROOT]],
  ['a parent of a wrong length', [trace, span, frame(4, Buffer.alloc(7, 1)), name], [ROOT]],
  ['a parent that is cut off', [trace, span, Buffer.from([0x22, 8, 1, 2])], [ROOT]],
  ['a trace id of zeros', [frame(1, Buffer.alloc(16)), span, parent], []],
  ['a trace id of a wrong length', [frame(1, Buffer.alloc(15, 1)), span, parent], []],
  ['an id that only begins with a zero', [trace, frame(2, id('0f'.repeat(8)))], [{ ...ROOT, spanId: '0f'.repeat(8) }]],
  ['no span id', [trace, name], []],
])('%s', (_name, fields, links) => {
  expect(linksOf(...fields)).toEqual(links);
});
