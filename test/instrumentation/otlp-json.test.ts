/** What is written by hand says what OpenTelemetry's own SDK and encoder say of the same span. */
import {
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type SpanContext,
} from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { envelopeOf, spanJson, type EndedSpan } from '../../instrumentation/otlp-json.ts';
import { newSpanId, newTraceId } from '../../instrumentation/span-ids.ts';

type Described = Omit<EndedSpan, 'traceId' | 'spanId'>;
type Json = Record<string, unknown>;

const resource = { 'service.name': 'a "quoted" name', 'service.version': '1' };
const scope = { name: 'spanledger', version: '1.2.3' };

function bySdk({ name, kind, parent, start, end, attributes, failed, event }: Described): {
  readonly request: Json;
  readonly ids: Pick<EndedSpan, 'traceId' | 'spanId'>;
} {
  const ended: ReadableSpan[] = [];
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resource),
    sampler: new AlwaysOnSampler(),
    spanLimits: { attributeCountLimit: 256, attributeValueLengthLimit: Number.POSITIVE_INFINITY },
    spanProcessors: [
      { onStart: () => {}, onEnd: (span) => ended.push(span), forceFlush: async () => {}, shutdown: async () => {} },
    ],
  });
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  const span = provider
    .getTracer(scope.name, scope.version)
    .startSpan(name, { kind, startTime: start, attributes }, context);
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  if (event !== undefined) span.addEvent(event.name, event.attributes, end);
  span.end(end);
  const body = Buffer.from(JsonTraceSerializer.serializeRequest(ended) ?? []).toString();
  return { request: JSON.parse(body) as Json, ids: span.spanContext() };
}

/** Without what says nothing: counts of 0, empty lists. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key, inner]) =>
          !(key.startsWith('dropped') && inner === 0) && !(/^(links|events)$/.test(key) && isEmpty(inner)),
      )
      .map(([key, inner]) => [key, plain(inner)]),
  );
}
const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function byHand(span: EndedSpan): unknown {
  const { head, tail } = envelopeOf(resource, scope);
  return JSON.parse(`${head}${spanJson(span)}${tail}`);
}

const text = fc.string({ unit: 'binary', maxLength: 20 });
const value = fc.oneof(
  text,
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Number.isInteger(number)),
  fc.array(text, { maxLength: 3 }),
);
const attributes: fc.Arbitrary<Attributes> = fc
  .dictionary(
    text.filter((name) => name !== '' && name !== '__proto__'),
    value,
    { maxKeys: 12 },
  )
  .map((made) => Object.assign({}, made));
const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
    .map((list) => list.map((digit) => digit.toString(16)).join(''))
    .filter((id) => /[^0]/.test(id));
const parent: fc.Arbitrary<SpanContext> = fc.record({
  traceId: hex(32),
  spanId: hex(16),
  traceFlags: fc.constantFrom(TraceFlags.SAMPLED, TraceFlags.NONE),
  isRemote: fc.boolean(),
  traceState: fc.constantFrom(createTraceState('a=1,b=2'), createTraceState('')),
});
const span: fc.Arbitrary<Described> = fc
  .record({
    name: text,
    kind: fc.constantFrom(SpanKind.CLIENT, SpanKind.INTERNAL),
    parent: fc.option(parent, { nil: undefined }),
    start: fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 }),
    // As fine as the clock is.
    lasts: fc.integer({ min: 0, max: 1e9 }).map((steps) => steps / 1024),
    attributes,
    failed: fc.boolean(),
    event: fc.option(fc.record({ name: text, attributes }), { nil: undefined }),
  })
  .map(({ lasts, ...rest }) => Object.assign(rest, { end: rest.start + lasts }));

it('says the same as the SDK and its encoder', () => {
  fc.assert(
    fc.property(span, (described) => {
      const { request, ids } = bySdk(described);
      expect(plain(byHand({ ...described, ...ids }))).toEqual(withoutEmptyState(plain(request)));
    }),
    { numRuns: 500 },
  );
});

/** A state of nothing is left out. */
function withoutEmptyState(request: unknown): unknown {
  return JSON.parse(JSON.stringify(request).replaceAll(',"traceState":""', ''));
}

it('a number that JSON has not is written as OTLP says', () => {
  const base = { name: '', kind: SpanKind.CLIENT, parent: undefined, start: 1, end: 1.9999999, failed: false };
  const json = spanJson({ ...base, ...ids(), attributes: { a: Number.NaN, b: Infinity, c: 2 ** 60 } });
  expect(JSON.parse(json)).toMatchObject({
    endTimeUnixNano: '2000000',
    attributes: [
      { key: 'a', value: { doubleValue: 'NaN' } },
      { key: 'b', value: { doubleValue: 'Infinity' } },
      { key: 'c', value: { doubleValue: 2 ** 60 } },
    ],
  });
});

it('ids are of the right length, and never the same', () => {
  const made = Array.from({ length: 20_000 }, ids);
  expect(new Set(made.map(({ spanId }) => spanId)).size).toBe(made.length);
  expect(new Set(made.map(({ traceId }) => traceId)).size).toBe(made.length);
  expect(
    made.filter(({ traceId, spanId }) => !/^[0-9a-f]{32}$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId)),
  ).toEqual([]);
});

function ids(): Pick<EndedSpan, 'traceId' | 'spanId'> {
  return { traceId: newTraceId(), spanId: newSpanId() };
}
