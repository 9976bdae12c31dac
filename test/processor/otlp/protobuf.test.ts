import { describe, expect, it } from 'vitest';
import { readTraces } from '../../../processor/otlp/index.ts';
import { chatSpan, encodeAttribute, encodeProtobuf, encodeSpan, message, request } from '../../support/otlp.ts';
import { decodeProtobuf } from '../../support/sink/protobuf.ts';

/** A request whose spans are these bytes. */
function around(...spans: readonly Uint8Array[]): Uint8Array {
  return message([1, message([2, message(...spans.map((span) => [2, span] as const))])]);
}

const cost = { 'spanledger.cost.usd': 0.004 };

describe('odd things cost only themselves', () => {
  const good = encodeSpan(chatSpan(1));

  it('a span of no sense is counted, its neighbours are read, and it is passed on byte for byte', () => {
    const broken = Uint8Array.of(0x0a, 0x7f, 0x01);
    const traces = readTraces(around(good, broken, good), 'protobuf');
    expect([traces.spans.length, traces.unreadable]).toEqual([2, 1]);
    const spliced = traces.splice(new Map(traces.spans.map((span) => [span, cost])));
    const enriched = Buffer.concat([good, message([9, Uint8Array.from(double('spanledger.cost.usd', 0.004))])]);
    expect(Buffer.from(spliced).equals(around(enriched, broken, enriched))).toBe(true);
  });

  it('an attribute of no sense leaves the others, and is kept', () => {
    const odd = Buffer.from(message([9, Uint8Array.of(0x0a, 0x7f)]));
    const traces = readTraces(around(Buffer.concat([odd, good])), 'protobuf');
    expect(traces.spans[0]?.attributes.get('gen_ai.request.model')).toBe('gpt-4o');
    const spliced = traces.splice(new Map(traces.spans.map((span) => [span, cost])));
    expect(Buffer.from(spliced).includes(odd)).toBe(true);
  });

  it('a resource or scope of no sense leaves the spans', () => {
    const bytes = message([1, message([1, Uint8Array.of(0xff)], [2, message([1, Uint8Array.of(0xff)], [2, good])])]);
    expect(readTraces(bytes, 'protobuf').spans).toMatchObject([
      { scope: { name: '', version: '' }, name: 'chat gpt-4o' },
    ]);
  });

  it.each([
    ['ids of a wrong length', { traceId: 'abcd', spanId: '00' }, { traceId: '', spanId: '' }],
    ['no ids', { name: 'n' }, { traceId: '', spanId: '', parentSpanId: '' }],
    ['nothing', {}, { name: '', kind: 0, startUnixNano: 0n, statusCode: 0 }],
  ])('a span with %s is read', (_, span, expected) => {
    expect(readTraces(around(encodeSpan(span)), 'protobuf').spans[0]).toMatchObject(expected);
  });
});

it('keeps unknown fields, invalid UTF-8 and the order of fields', () => {
  const invalid = message([5, Uint8Array.of(0x63, 0xff, 0xfe)]);
  const unknown = message([1000, 'of a later version']);
  const span = Buffer.concat([unknown, invalid, encodeSpan({ events: ['first'] }), unknown]);
  const traces = readTraces(around(span), 'protobuf');
  const spliced = traces.splice(new Map(traces.spans.map((one) => [one, cost])));
  expect(Buffer.from(spliced).includes(span)).toBe(true);
});

it('replaces an attribute of the same name, however often it was there', () => {
  const stale = message([9, encodeAttribute(['spanledger.cost.usd', 'stale'])]);
  const traces = readTraces(around(Buffer.concat([stale, encodeSpan(chatSpan(1)), stale])), 'protobuf');
  const spliced = traces.splice(new Map(traces.spans.map((one) => [one, cost])));
  expect(Buffer.from(spliced).includes('stale')).toBe(false);
  expect(decodeProtobuf(spliced)[0]?.attributes['spanledger.cost.usd']).toBe(0.004);
});

it('tells which scope and resource a span is of', () => {
  const spans = readTraces(encodeProtobuf(request(chatSpan(1))), 'protobuf').spans;
  expect(spans[0]?.scope).toEqual({ name: 'test', version: '' });
  expect([...(spans[0]?.resource ?? [])]).toEqual([['service.name', 'shop']]);
});

describe('malformed requests are refused, and say where', () => {
  it.each([
    ['cut in the middle', encodeProtobuf(request(chatSpan(1))).subarray(0, 40), 'the request: premature EOF'],
    ['a resource_spans cut', message([1, Uint8Array.of(0x12, 0x50)]), 'resource_spans[0]: premature EOF'],
    [
      'a scope_spans cut',
      message([1, message([2, Uint8Array.of(0x12, 0x50)])]),
      'resource_spans[0].scope_spans[0]: premature EOF',
    ],
    ['a number for a message', Uint8Array.of(0x08, 0x01), 'the request: resource_spans[0] is not a message'],
    ['JSON', Buffer.from('{"resourceSpans":[]}'), 'the request: '],
  ])('%s', (_, bytes, where) => {
    expect(() => readTraces(bytes, 'protobuf')).toThrow(
      expect.objectContaining({
        code: 'malformed_otlp',
        message: expect.stringContaining(`not an OTLP trace request in protobuf: ${where}`) as string,
      }),
    );
  });
});

it('an empty request is no bytes', () => {
  expect(readTraces(new Uint8Array(), 'protobuf').spans).toEqual([]);
});

function double(key: string, value: number): Uint8Array {
  return encodeAttribute([key, { double: value }]);
}
