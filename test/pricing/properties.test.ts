import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatUsd,
  fromDisjoint,
  loadPriceBook,
  parseUsd,
  unitNames,
  units,
  type Charge,
} from '../../pricing/index.ts';
import { cardId } from '../../pricing/catalog.ts';
import { readRate } from '../../pricing/catalog-file.ts';
import { catalogDirectory, loadCatalog, loadStrictly } from '../../pricing/load.ts';
import { compileModel } from '../../pricing/compile.ts';

const book = loadPriceBook();
const catalog = loadCatalog(catalogDirectory);
const models = [
  ['openai', 'gpt-4o'],
  ['openai', 'gpt-5.4'],
  ['anthropic', 'claude-opus-4-6'],
  ['anthropic', 'claude-haiku-5-5'],
  ['google', 'gemini-2.5-pro'],
  ['deepseek', 'deepseek-v4-flash'],
  ['perplexity', 'sonar'],
] as const;
const query = fc.record({
  model: fc.constantFrom(...models),
  at: fc.integer({ min: Date.parse('2026-05-01'), max: Date.parse('2026-12-31') }).map((ms) => ms * 1000),
  tier: fc.constantFrom('standard', 'batch', 'flex', 'priority'),
  counts: fc.dictionary(fc.constantFrom('input', 'cache_read', 'output', 'reasoning'), fc.nat(400_000)),
});
type Query = typeof query extends fc.Arbitrary<infer T> ? T : never;

function price({ model: [provider, model], at, tier, counts }: Query): Charge {
  return book.price({ provider, model, at, tier, region: undefined, usage: fromDisjoint(counts, 'reported') });
}

describe('every charge', () => {
  it('is the sum of its lines, each quantity x rate', () => {
    fc.assert(
      fc.property(query, (asked) => {
        const charge = price(asked);
        if (charge.status !== 'priced') return;
        expect(charge.lines.reduce((sum, { amount }) => sum + amount, 0n)).toBe(charge.amount);
        for (const { quantity, rate, amount } of charge.lines) expect(amount).toBe(BigInt(quantity) * rate);
      }),
    );
  });

  it('totals the same in any order and grouping', () => {
    fc.assert(
      fc.property(fc.array(query, { minLength: 2, maxLength: 12 }), fc.nat(), (asked, cut) => {
        const amounts = asked.map(price).map((charge) => (charge.status === 'priced' ? charge.amount : 0n));
        const total = (part: readonly bigint[]): bigint => part.reduce((sum, amount) => sum + amount, 0n);
        const at = cut % amounts.length;
        expect(total(amounts.toReversed())).toBe(total(amounts));
        expect(total([total(amounts.slice(at)), total(amounts.slice(0, at))])).toBe(total(amounts));
      }),
    );
  });

  it('grows with each count', () => {
    fc.assert(
      fc.property(
        query,
        fc.constantFrom('input', 'cache_read', 'output', 'reasoning'),
        fc.nat(300_000),
        (asked, unit, more) => {
          const before = price(asked);
          const after = price({ ...asked, counts: { ...asked.counts, [unit]: (asked.counts[unit] ?? 0) + more } });
          if (before.status === 'priced' && after.status === 'priced') expect(after.amount >= before.amount).toBe(true);
        },
      ),
    );
  });

  it('has no unit at a default: what has no rate leaves the whole call unpriced', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.constantFrom(...unitNames),
        fc.integer({ min: 1, max: 9 }),
        (model, unit, count) => {
          const charge = price({
            model,
            at: Date.parse('2026-11-25') * 1000,
            tier: 'standard',
            counts: { input: 5, [unit]: count },
          });
          if (charge.status === 'priced')
            expect(charge.lines.find((line) => line.unit === unit)?.rate).toBeGreaterThan(0n);
          else
            expect(charge).toMatchObject({ reason: 'unknown_unit', detail: expect.stringContaining(unit) as string });
        },
      ),
    );
  });

  it('never throws, whatever a span says', () => {
    const text = fc.option(
      fc.oneof(fc.string(), fc.constantFrom('openai', '__proto__', 'aws', 'arn:aws:bedrock:::x')),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        text,
        fc.string(),
        fc.oneof(fc.double(), fc.integer()),
        text,
        fc.dictionary(fc.string(), fc.double()),
        (provider, model, at, region, counts) => {
          const usage = { status: 'known', counts, basis: 'reported' } as const;
          const charge = book.price({ provider, model, at, tier: 'standard', region, usage });
          expect(['priced', 'unpriced']).toContain(charge.status);
        },
      ),
    );
  });
});

describe('every card', () => {
  it('parses exactly and writes back as it was quoted', () => {
    let rates = 0;
    for (const { models } of loadStrictly(catalogDirectory).providers)
      for (const { cards } of models)
        for (const card of cards)
          for (const unit of unitNames) {
            const rate = card.rates[unit];
            if (rate === undefined) continue;
            rates++;
            const quoted = formatUsd(units[unit].kind === 'token' ? rate * 1_000_000n : rate);
            expect(readRate(unit, quoted)).toBe(rate);
            expect(parseUsd(formatUsd(rate))).toBe(rate);
          }
    expect(rates).toBeGreaterThan(6000);
  });

  it('is reached at its own time, tier, region and size of prompt', () => {
    const unreached: string[] = [];
    for (const provider of catalog.providers)
      for (const model of provider.models)
        for (const card of model.cards) {
          if (card.schedule !== undefined) continue;
          const at = card.from ?? (card.until === undefined ? Date.parse('2026-11-25') * 1000 : card.until - 1);
          const found = compileModel(provider, model)(at, card.tier, card.region, (card.aboveInputTokens ?? -1) + 1);
          const id = cardId(provider.provider, model.model, card);
          // Peak hours lie over some plain cards at the instant that they begin.
          if (found?.id !== id && !found?.id.endsWith('peak')) unreached.push(id);
        }
    expect(unreached).toEqual([]);
  });

  it('has an id of its own', () => {
    for (const { provider, models } of catalog.providers)
      for (const { model, cards } of models)
        expect(new Set(cards.map((card) => cardId(provider, model, card))).size).toBe(cards.length);
  });
});

describe('the catalog', () => {
  it('is as large as it should be', () => {
    expect(catalog.providers.length).toBeGreaterThanOrEqual(40);
    expect(catalog.models).toBeGreaterThanOrEqual(1500);
    expect(catalog.providers.reduce((sum, { models }) => sum + models.length, 0)).toBe(catalog.models);
  });

  it('is vouched for by its index', () => {
    expect(loadStrictly(catalogDirectory).version).toBe(catalog.version);
    // Models of a trusted file are read when they are first asked for.
    const [first] = loadCatalog(catalogDirectory).providers;
    expect(Object.getOwnPropertyDescriptor(first, 'models')).toHaveProperty('get');
  });
});
