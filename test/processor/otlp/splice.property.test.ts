import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpanledgerError } from '../../../processor/errors.ts';
import { readTraces, type Additions, type Encoding } from '../../../processor/otlp/index.ts';
import { encodeJson, encodeProtobuf, type TestRequest, type TestSpan, type TestValue } from '../../support/otlp.ts';
import { decodeJson } from '../../support/sink/json.ts';
import { decodeProtobuf } from '../../support/sink/protobuf.ts';
import type { SinkSpan } from '../../support/sink/span.ts';
import { plainSpan } from '../../support/span.ts';

const text = fc.string({ maxLength: 20, unit: 'grapheme' });
const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...Array.from('0123456789abcdef')), { minLength: digits, maxLength: digits })
    .map((list) => list.join(''));
const { value } = fc.letrec<{ value: TestValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((int) => ({ int })),
    fc.double({ noNaN: true }).map((double) => ({ double })),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => ({ bytes })),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(text, tie('value')), { maxLength: 3, selector: ([key]) => key })
      .map((pairs) => ({ pairs })),
  ),
}));
/** Our own keys among them: what is set already must be replaced. */
const key = fc.oneof(text, fc.constantFrom('spanledger.cost.usd', 'spanledger.cost.status', '__proto__', 'toString'));
const nano = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const span: fc.Arbitrary<TestSpan> = fc.record(
  {
    traceId: hex(32),
    spanId: hex(16),
    parentSpanId: hex(16),
    name: text,
    kind: fc.integer({ min: 0, max: 5 }),
    start: nano,
    end: nano,
    status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: text }),
    attributes: fc.uniqueArray(fc.tuple(key, value), { maxLength: 6, selector: ([name]) => name }),
    events: fc.array(text, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const requests: fc.Arbitrary<TestRequest> = fc.record({
  resource: fc.uniqueArray(fc.tuple(text, value), { maxLength: 3, selector: ([name]) => name }),
  scopes: fc.array(fc.record({ name: text, version: text, spans: fc.array(span, { maxLength: 4 }) }), { maxLength: 3 }),
});

const added: Additions = { 'spanledger.cost.usd': 0.0065, 'spanledger.cost.status': 'priced' };
const removed: Additions = { 'spanledger.cost.usd': null, 'spanledger.cost.status': null };
const encodings: Record<
  Encoding,
  { encode: (r: TestRequest) => Buffer; decode: (bytes: Uint8Array) => readonly SinkSpan[] }
> = {
  protobuf: { encode: encodeProtobuf, decode: decodeProtobuf },
  json: { encode: encodeJson, decode: (bytes) => decodeJson(Buffer.from(bytes).toString()) },
};
const runs = { numRuns: 100 };

describe.each(Object.entries(encodings))('splicing %s', (encoding, { encode, decode }) => {
  const read = (bytes: Uint8Array): ReturnType<typeof readTraces> => readTraces(bytes, encoding as Encoding);

  it('decode(splice(x)) = decode(x) + our attributes, in place of those of the same name', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const bytes = encode(request);
        const traces = read(bytes);
        const spliced = traces.splice(new Map(traces.spans.map((one) => [one, added])));
        const expected = decode(bytes).map((one) =>
          Object.assign(one, { attributes: { ...one.attributes, ...added } }),
        );
        expect(decode(spliced)).toEqual(expected);
        expect(traces.unreadable).toBe(0);
      }),
      runs,
    );
  });

  it('gives the original bytes back when there is nothing to add', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const bytes = encode(request);
        expect(Buffer.from(read(bytes).splice(new Map())).equals(bytes)).toBe(true);
      }),
      runs,
    );
  });

  it('splices the same bytes every time, and a second time over its own result', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const once = splice(read(encode(request)), added);
        expect(splice(read(encode(request)), added).equals(once)).toBe(true);
        expect(splice(read(once), added).equals(once)).toBe(true);
      }),
      runs,
    );
  });

  it('leaves out what is dropped and nothing else', () => {
    fc.assert(
      fc.property(requests, fc.infiniteStream(fc.boolean()), (request, choices) => {
        const traces = read(encode(request));
        const dropped = new Set(traces.spans.filter(() => choices.next().value));
        const kept = decode(encode(request)).filter((_, index) => {
          const one = traces.spans[index];
          return one !== undefined && !dropped.has(one);
        });
        expect(decode(traces.splice(new Map(), dropped))).toEqual(kept);
      }),
      runs,
    );
  });

  it('refuses random bytes cleanly, or reads them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expectCleanly(() => read(bytes).splice(new Map()));
      }),
      { numRuns: 2000 },
    );
  });

  it('survives any one byte that is wrong, and any place at which it is cut', () => {
    fc.assert(
      fc.property(requests, fc.nat(), fc.nat(255), (request, at, byte) => {
        const bytes = encode(request);
        if (bytes.length === 0) return;
        const cut = bytes.subarray(0, at % bytes.length);
        expectCleanly(() => splice(read(cut), added));
        bytes[at % bytes.length] = byte;
        expectCleanly(() => splice(read(bytes), added));
      }),
      runs,
    );
  });
});

it('reads the same spans from both encodings', () => {
  fc.assert(
    fc.property(requests, (request) => {
      const [fromJson, fromProtobuf] = [
        readTraces(encodeJson(request), 'json').spans,
        readTraces(encodeProtobuf(request), 'protobuf').spans,
      ];
      expect(fromJson.map(plainSpan)).toEqual(fromProtobuf.map(plainSpan));
    }),
    runs,
  );
});

it('in protobuf, taking away what was added gives the original bytes', () => {
  const own = Object.keys(added);
  fc.assert(
    fc.property(requests, (request) => {
      const scopes = request.scopes.map((scope) => ({
        ...scope,
        spans: scope.spans.map((one) => ({
          ...one,
          attributes: (one.attributes ?? []).filter(([name]) => !own.includes(name)),
        })),
      }));
      const bytes = encodeProtobuf({ ...request, scopes });
      const there = splice(readTraces(bytes, 'protobuf'), added);
      expect(splice(readTraces(there, 'protobuf'), removed).equals(bytes)).toBe(true);
    }),
    runs,
  );
});

function splice(traces: ReturnType<typeof readTraces>, additions: Additions): Buffer {
  return Buffer.from(traces.splice(new Map(traces.spans.map((one) => [one, additions]))));
}

function expectCleanly(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SpanledgerError);
    expect(error).toHaveProperty('code', 'malformed_otlp');
  }
}
