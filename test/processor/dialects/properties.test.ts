import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputTokens, outputTokens, type Counts } from '../../../pricing/usage/usage.ts';
import { unitNames } from '../../../pricing/usage/units.ts';
import { readCall } from '../../../processor/dialects/index.ts';
import { spanledger } from '../../../processor/dialects/spanledger.ts';
import { readTraces, type Span } from '../../../processor/otlp/index.ts';
import { makeSpan } from '../../support/span.ts';

/** Values that no emitter should send, and that one day will come. */
const anyValue = fc.oneof(
  fc.string(),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.constant([1, 'a']),
  fc.constant(new Map([['a', 1]])),
  fc.constant(Uint8Array.of(1)),
  fc.integer(),
  fc.constantFrom('800', '-1', '1e3', '12.5', '', ' 7 ', 'reported', 'chat', 'invoke_agent'),
);
const anyKey = fc.constantFrom(
  'gen_ai.operation.name',
  'gen_ai.system',
  'gen_ai.provider.name',
  'gen_ai.request.model',
  'gen_ai.response.model',
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.prompt_tokens',
  'gen_ai.usage.output_tokens',
  'gen_ai.usage.cache_read.input_tokens',
  'gen_ai.usage.cache_write.input_tokens',
  'gen_ai.usage.total_tokens',
  'gen_ai.usage.reasoning.output_tokens',
  'gen_ai.usage.audio.input_tokens',
  'openai.response.service_tier',
  'spanledger.usage.state',
  'spanledger.usage.web_search',
  'spanledger.usage.invalid',
  'spanledger.attempts',
  'customer_id',
  'user.id',
  'spanledger.tag.__proto__',
  'spanledger.tag.',
  '__proto__',
  'error.type',
);
const anySpan = fc
  .record({
    attributes: fc.array(fc.tuple(anyKey, anyValue)),
    scope: fc.constantFrom('spanledger', 'openlit', '', 'x'),
    kind: fc.integer({ min: 0, max: 6 }),
    statusCode: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ attributes, scope, ...rest }) => makeSpan({ ...rest, scope, attributes: new Map(attributes) }));

/** Every span of every golden request: what emitters write, all dialects of them. */
const folder = join(import.meta.dirname, '../../fixtures/otlp');
const golden: readonly Span[] = globSync('*.json', { cwd: folder })
  .filter((file) => !/\.(expected|logs)\.json$/.test(file))
  .flatMap((file) => readTraces(readFileSync(join(folder, file)), 'json').spans);

/** One of them with some attributes of other values, and some gone. */
const brokenSpan = fc
  .record({
    span: fc.constantFrom(...golden),
    changes: fc.array(fc.tuple(fc.nat(), fc.option(anyValue, { nil: undefined })), { minLength: 1, maxLength: 4 }),
    parts: fc.record(
      {
        traceId: fc.constant(''),
        spanId: fc.constant(''),
        startUnixNano: fc.constantFrom(0n, 2n ** 64n - 1n),
        endUnixNano: fc.constantFrom(0n, 2n ** 64n - 1n),
        scope: fc.constant({ name: '', version: '' }),
        resource: fc.constant(new Map()),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ span, changes, parts }): Span => {
    const attributes = new Map(span.attributes);
    const keys = [...attributes.keys()];
    for (const [index, value] of changes) {
      const key = keys[index % Math.max(1, keys.length)] ?? 'none';
      if (value === undefined) attributes.delete(key);
      else attributes.set(key, value);
    }
    return Object.assign({}, span, parts, { attributes });
  });

describe('reading is total', () => {
  it('any span gives an answer whose usage can be priced or is said to be wrong', () => {
    fc.assert(
      fc.property(anySpan, (span) => {
        const usage = readCall(span)?.usage;
        const counts = usage?.status === 'known' ? Object.values(usage.counts) : [];
        expect(counts.every((count) => Number.isSafeInteger(count) && count > 0)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('so does what any emitter writes with some of it broken', () => {
    expect(golden.length).toBeGreaterThan(150);
    fc.assert(
      fc.property(brokenSpan, (span) => {
        const usage = readCall(span)?.usage;
        const counts = usage?.status === 'known' ? Object.values(usage.counts) : [];
        expect(counts.every((count) => Number.isSafeInteger(count) && count > 0)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('attributes that have nothing to do with it change nothing', () => {
    fc.assert(
      fc.property(
        anySpan,
        fc.dictionary(
          fc.string({ minLength: 1 }).map((key) => `app.${key}`),
          anyValue,
        ),
        (span, more) => {
          const attributes = new Map([...span.attributes, ...Object.entries(more)]);
          expect(readCall({ ...span, attributes })).toEqual(readCall(span));
        },
      ),
    );
  });
});

it('spans of our own instrumentation give back exactly the counts that were written', () => {
  const counts = fc
    .dictionary(fc.constantFrom(...unitNames), fc.integer({ min: 1, max: 1_000_000 }))
    .map((found) => found as Counts);
  fc.assert(
    fc.property(counts, (used) => {
      const call = spanledger.read(makeSpan({ scope: 'spanledger', attributes: new Map(written(used)) }));
      expect(call?.usage).toEqual({ status: 'known', counts: used, basis: 'reported' });
    }),
  );
});

/** As the instrumentation documents its attributes. */
function written(counts: Counts): [string, string | number][] {
  const of = (...units: readonly (keyof Counts)[]): number => units.reduce((sum, unit) => sum + (counts[unit] ?? 0), 0);
  const conventional = new Set(['input', 'cache_read', 'cache_write', 'output', 'reasoning']);
  return [
    ['gen_ai.operation.name', 'chat'],
    ['spanledger.usage.state', 'reported'],
    ['gen_ai.usage.input_tokens', inputTokens(counts)],
    ['gen_ai.usage.output_tokens', outputTokens(counts)],
    [
      'gen_ai.usage.cache_read.input_tokens',
      of('cache_read', 'cache_read_audio', 'cache_read_image', 'cache_read_video'),
    ],
    ['gen_ai.usage.cache_write.input_tokens', of('cache_write', 'cache_write_5m', 'cache_write_1h')],
    ['gen_ai.usage.reasoning.output_tokens', of('reasoning')],
    ...Object.entries(counts)
      .filter(([unit]) => !conventional.has(unit))
      .map(([unit, count]): [string, number] => [`spanledger.usage.${unit}`, count]),
  ];
}
