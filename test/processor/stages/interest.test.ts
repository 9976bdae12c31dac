import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dialects } from '../../../processor/dialects/index.ts';
import { readTraces, traceReader, type Encoding, type TraceRequest } from '../../../processor/otlp/index.ts';
import { interestOf, interest } from '../../../processor/stages/interest.ts';
import { readSpans } from '../../../processor/stages/reading.ts';
import { loadPriceBook } from '../../../pricing/index.ts';
import { encodeJson, encodeProtobuf, request } from '../../support/otlp.ts';
import { plainSpan } from '../../support/span.ts';

const folder = join(import.meta.dirname, '../../fixtures/otlp');
const prices = loadPriceBook();
const read = traceReader(interest);

/** What is made of a request, as far as it can be compared. */
function meaning(traces: TraceRequest): unknown {
  const { calls, aggregates, markers } = readSpans(traces, prices);
  return {
    calls: calls.map(({ entry }) => entry),
    aggregates: aggregates.map(({ entry }) => entry),
    markers: [...markers].map(plainSpan),
  };
}

it('no span that a dialect would read is passed on unread', () => {
  const files = globSync('*.json', { cwd: folder }).filter((file) => !file.endsWith('.expected.json'));
  expect(files.length).toBeGreaterThan(100);
  for (const file of files) {
    const body = readFileSync(join(folder, file));
    const everything = readTraces(body, 'json');
    const some = read(body, 'json');
    expect(meaning(some)).toEqual(meaning(everything));
    const passed = [...some.passed.values()].reduce((sum, count) => sum + count, 0);
    expect(some.spans.length + passed).toBe(everything.spans.length);
  }
});

it('a dialect that is added is of interest at once, by its keys and by its scopes', () => {
  const added = { name: 'new', scopes: /^new-/, keys: ['new.tokens'], read: () => null };
  const { keys, isScope } = interestOf([...dialects, added]);
  expect([keys.has('new.tokens'), isScope('new-agent'), isScope('other'), isScope('new-agent')]).toEqual([
    true,
    true,
    false,
    true,
  ]);
});

it.each([
  ['protobuf', encodeProtobuf],
  ['json', encodeJson],
] as const)('our markers are seen, requests of the web are not (%s)', (encoding: Encoding, encode) => {
  const marker = { name: 'spanledger.call.started', attributes: [['spanledger.call.span_id', 'b']] as const };
  const web = { name: 'GET /', attributes: [['http.route', '/']] as const };
  const traces = read(encode(request(marker, web, web)), encoding);
  expect(traces.spans.map(({ name }) => name)).toEqual(['spanledger.call.started']);
  expect([...traces.passed]).toEqual([['test', 2]]);
});
