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
  .filter((name) => name.endsWith('.json') && !/\.(expected|logs)\.json$/.test(name))
  .map((name) => name.replace(/\.json$/, ''));
const book = loadPriceBook();

it.each(names)('%s', (name) => {
  const { spans } = readTraces(readFileSync(join(folder, `${name}.json`)), 'json');
  const read = spans.map((span) => explanationJson(explainSpan(span, book)));
  expect(comparable(read)).toEqual(expectedOf(name));
});

it('every dialect has golden pairs', () => {
  for (const { name } of dialects) {
    const pairs = names.filter((file) => file.startsWith(`${name}.`));
    expect(pairs.length, name).toBeGreaterThan(5);
    for (const pair of pairs) {
      const readBy = expectedOf(pair).map(({ dialect }) => dialect);
      expect(
        readBy.every((dialect) => dialect === name || dialect === null),
        pair,
      ).toBe(true);
    }
  }
});

/**
 * Whatever the emitter, the same calls cost the same: 1,250 in and 340 out; 10,000 in of which 8,000 from the cache and 500
 * out (25,000, 20,000 read, 4,000 written for Anthropic); 900 in and 2,200 out of which 2,000 thoughts; a refusal.
 */
const alike = {
  // gpt-4o $2.50 and $10; gpt-4.1-mini $0.40, $0.10 and $1.60; o3-mini $1.10 and $4.40, a million each.
  openai: { plain: '0.006525', stream: '0.006525', cached: '0.0024', reasoning: '0.01067', error: '0' },
  // claude-opus-4-6 $5, $0.50, $6.25 and $25.
  anthropic: { plain: '0.01475', stream: '0.01475', cached: '0.0525', reasoning: '0.0595', error: '0' },
  // gemini-2.5-flash $0.30, $0.03 and $2.50.
  gemini: { plain: '0.001225', stream: '0.001225', cached: '0.00209', reasoning: '0.00577', error: '0' },
} as const;
const makers: Readonly<Record<string, keyof typeof alike>> = {
  'anthropic-sdk': 'anthropic',
  'claude-code': 'anthropic',
  'gemini-cli': 'gemini',
  'google-adk': 'gemini',
};

describe.each(dialects.map(({ name }) => name).filter((name) => name !== 'spanledger' && name !== 'otel-genai'))(
  '%s: the same calls cost the same',
  (dialect) => {
    const figures = alike[makers[dialect] ?? 'openai'];
    it.each(Object.entries(figures))('%s: $%s', (what, amount) => {
      const [call] = expectedOf(`${dialect}.${what}`);
      expect(call?.charge).toMatchObject({ status: 'priced', amount_usd: amount });
    });

    it('an agent, its tool and its call are one call', () => {
      const charged = expectedOf(`${dialect}.agent`).filter(({ charge }) => charge !== null);
      expect(charged.map(({ charge }) => charge)).toMatchObject([{ amount_usd: figures.plain }]);
    });
  },
);

describe('golden files are figures that were worked out by hand', () => {
  it.each([
    ['spanledger.plain', '0.006525'], // 1250 x $2.50 + 340 x $10
    ['spanledger.cached', '0.05625'], // 1000 x $5 + 20000 x $0.50 + 3000 x $6.25 + 1000 x $10 + 500 x $25
    ['spanledger.tools', '0.035'], // 3000 x $3 + 400 x $15 + 2 searches x $0.01
    ['otel-genai.newest-cache-write', '0.0525'], // 1000 x $5 + 20000 x $0.50 + 4000 x $6.25 + 500 x $25
    ['otel-genai.newest-reasoning', '0.01067'], // 900 x $1.10 + 2200 x $4.40
    ['otel-genai.1.41-cached', '0.0024'], // 2000 x $0.40 + 8000 x $0.10 + 500 x $1.60
    ['otel-genai.provider-cost', '0.0067'], // as the provider said; ours would be 0.006525
    ['otel-genai.local-cost', '0.006525'], // ours: $0.5 was the emitter's estimate
    ['vercel-ai.gateway-cost', '0.0067'], // as the gateway said
    ['vercel-ai.v5-anthropic-cached', '0.0525'], // Anthropic's block beside counts that leave the cache out
    ['logfire.anthropic-cached', '0.0525'],
    ['logfire.openrouter-cost', '0.0067'], // as OpenRouter said
    ['openlit.js-anthropic-cached', '0.0525'], // OpenLIT leaves the cache out for Anthropic
    ['openllmetry.js-anthropic-cached', '0.0178'], // 1000 x $5 + 600 x $0.50 + 500 x $25
    ['openllmetry.python-anthropic-cached', '0.0525'], // summed by the Python instrumentation
    ['openinference.exclusive-by-total', '0.0525'], // 25500 = 1000 + 20000 + 4000 + 500
    ['litellm.replay', '0'], // out of LiteLLM's own cache
    ['vercel-ai.tier', '0.0110925'], // 1250 x $4.25 + 340 x $17, the priority tier
    ['openllmetry.tier', '0.0110925'],
    ['claude-code.fast', '0.0885'], // 1250 x $30 + 340 x $150
    ['openinference.audio', '0.00194'],
    ['langfuse.audio', '0.00194'],
    ['langsmith.audio', '0.00194'],
    ['pydantic-ai.audio', '0.00194'], // 100 x $2.50 + 20 x $40 + 33 x $10 + 7 x $80
  ])('%s: $%s', (name, amount) => {
    expect(expectedOf(name)[0]?.charge).toMatchObject({ status: 'priced', amount_usd: amount });
  });
});

type Explained = ReturnType<typeof explanationJson>;

function expectedOf(name: string): readonly Explained[] {
  return JSON.parse(readFileSync(join(folder, `${name}.expected.json`), 'utf8')) as Explained[];
}

/** Which card it was may be told apart better one day; what a call at a past instant costs does not change. */
function comparable(read: readonly Explained[]): unknown {
  return read.map(({ charge, ...rest }) => {
    if (charge?.status !== 'priced') return { ...rest, charge };
    const { status, amount_usd, lines, source } = charge;
    return { ...rest, charge: { status, amount_usd, lines, source } };
  });
}
