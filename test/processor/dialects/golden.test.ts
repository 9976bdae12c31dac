import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPriceBook } from '../../../pricing/index.ts';
import { dialects } from '../../../processor/dialects/index.ts';
import { explainSpan, explanationJson } from '../../../processor/explain.ts';
import { readTraces } from '../../../processor/otlp/index.ts';

/** `<dialect>.<what>.json`: a request as the emitter sends it. `.expected.json`: what `explain` must make of it. */
const folder = join(import.meta.dirname, '../../fixtures/otlp');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json') && !name.endsWith('.expected.json'))
  .map((name) => name.replace(/\.json$/, ''));
const book = loadPriceBook();

it.each(names)('%s', (name) => {
  const { spans } = readTraces(readFileSync(join(folder, `${name}.json`)), 'json');
  const read = spans.map((span) => explanationJson(explainSpan(span, book)));
  expect(comparable(read)).toEqual(JSON.parse(readFileSync(join(folder, `${name}.expected.json`), 'utf8')));
});

it('every dialect has golden pairs', () => {
  for (const { name } of dialects)
    expect(names.filter((file) => file.startsWith(`${name}.`)).length).toBeGreaterThan(5);
});

describe('golden files are figures that were worked out by hand', () => {
  it.each([
    ['spanledger.plain', '0.006525'], // 1250 x $2.50 + 340 x $10
    ['spanledger.cached', '0.05625'], // 1000 x $5 + 20000 x $0.50 + 3000 x $6.25 + 1000 x $10 + 500 x $25
    ['spanledger.tools', '0.035'], // 3000 x $3 + 400 x $15 + 2 searches x $0.01
    ['otel-genai.newest-cache-write', '0.0525'], // 1000 x $5 + 20000 x $0.50 + 4000 x $6.25 + 500 x $25
    ['otel-genai.newest-reasoning', '0.01067'], // 900 x $1.10 + 2200 x $4.40
    ['otel-genai.1.41-cached', '0.0024'], // 2000 x $0.40 + 8000 x $0.10 + 500 x $1.60
  ])('%s: $%s', (name, amount) => {
    const [expected] = JSON.parse(readFileSync(join(folder, `${name}.expected.json`), 'utf8')) as [{ charge: unknown }];
    expect(expected.charge).toMatchObject({ status: 'priced', amount_usd: amount });
  });
});

/** Which card it was may be told apart better one day; what a call at a past instant costs does not change. */
function comparable(read: readonly ReturnType<typeof explanationJson>[]): unknown {
  return read.map(({ charge, ...rest }) => {
    if (charge?.status !== 'priced') return { ...rest, charge };
    const { status, amount_usd, lines, source } = charge;
    return { ...rest, charge: { status, amount_usd, lines, source } };
  });
}
