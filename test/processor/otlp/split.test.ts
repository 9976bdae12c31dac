import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { countItems, halves } from '../../../processor/otlp/index.ts';
import { chatSpan, encodeJson, encodeProtobuf, message, type TestRequest } from '../../support/otlp.ts';
import { decodeJson } from '../../support/sink/json.ts';
import { decodeProtobuf } from '../../support/sink/protobuf.ts';

const requests: fc.Arbitrary<TestRequest> = fc.array(fc.nat(4), { maxLength: 4 }).map((sizes) => ({
  scopes: sizes.map((size, at) => ({
    name: `scope ${at}`,
    spans: Array.from({ length: size }, (_, n) => chatSpan(at * 10 + n)),
  })),
}));

it.each([
  ['protobuf', encodeProtobuf, (bytes: Uint8Array) => decodeProtobuf(bytes)],
  ['json', encodeJson, (bytes: Uint8Array) => decodeJson(Buffer.from(bytes).toString())],
] as const)('%s: two halves are the whole, in order, each span with its scope', (encoding, encode, decode) => {
  fc.assert(
    fc.property(requests, (request) => {
      const whole = encode(request);
      const all = decode(whole);
      expect(countItems(whole, encoding, 'traces')).toBe(all.length);
      const parts = halves(whole, encoding, 'traces');
      if (all.length < 2) expect(parts).toBeUndefined();
      else {
        expect(parts?.flatMap((part) => decode(part))).toEqual(all);
        expect(parts?.map((part) => decode(part).length)).toEqual([
          Math.ceil(all.length / 2),
          Math.floor(all.length / 2),
        ]);
      }
    }),
  );
});

it.each(['logs', 'metrics'] as const)('%s have the same three levels', (signal) => {
  const scope = message([1, 'scope'], [2, 'one'], [2, 'two'], [2, 'three']);
  const body = message([1, message([1, 'resource'], [2, scope], [3, 'https://schema'])]);
  const envelope = (...items: string[]): Uint8Array =>
    message([
      1,
      message(
        [1, 'resource'],
        [2, message([1, 'scope'], ...items.map((item) => [2, item] as const))],
        [3, 'https://schema'],
      ),
    ]);
  expect(countItems(body, 'protobuf', signal)).toBe(3);
  expect(halves(body, 'protobuf', signal)?.map((part) => Buffer.from(part))).toEqual(
    [envelope('one', 'two'), envelope('three')].map((part) => Buffer.from(part)),
  );
});

it('in JSON, digits are kept', () => {
  const body = '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"a":9007199254740993},{"b":-0.0}]}]}]}';
  expect(halves(Buffer.from(body), 'json', 'metrics')?.map((part) => Buffer.from(part).toString())).toEqual([
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"a":9007199254740993}]}]}]}',
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"b":-0.0}]}]}]}',
  ]);
});
