import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatUsd, fromDisjoint, loadPriceBook, type ServiceTier } from '../../pricing/index.ts';
import { units, type Unit } from '../../pricing/usage/units.ts';

/**
 * Cases from published price pages: the rates are the pages', the amounts were computed from them by other means than our
 * engine. To add a case, add a line with its source.
 */
interface Case {
  readonly provider: string;
  readonly model: string;
  readonly at: string;
  readonly tier: ServiceTier;
  readonly region?: string;
  readonly usage: Readonly<Record<string, number>>;
  /** Tokens per million, everything else per one. */
  readonly rates: Readonly<Record<string, string>>;
  readonly lines: Readonly<Record<string, string>>;
  readonly amount: string;
  readonly source: string;
}

const book = loadPriceBook();
const cases = readFileSync(new URL('../fixtures/pricing/golden.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Case);

function quoted(unit: Unit, rate: bigint): string {
  return formatUsd(units[unit].kind === 'token' ? rate * 1_000_000n : rate);
}

describe('published prices', () => {
  it('are many', () => {
    expect(cases.length).toBeGreaterThanOrEqual(100);
  });

  it.each(cases)('$provider $model $tier $at $usage', ({ provider, model, at, tier, region, usage, ...expected }) => {
    const charge = book.price({
      provider,
      model,
      at: Date.parse(at) * 1000,
      tier,
      region,
      usage: fromDisjoint(usage, 'reported'),
    });
    if (charge.status === 'unpriced') throw new Error(`${charge.reason}: ${charge.detail}`);
    const rates = charge.lines.map(({ unit, rate }) => [unit, quoted(unit, rate)]);
    expect(Object.fromEntries(rates)).toEqual(
      Object.fromEntries(Object.keys(expected.lines).map((unit) => [unit, normal(expected.rates[unit] ?? '')])),
    );
    expect(Object.fromEntries(charge.lines.map(({ unit, amount }) => [unit, formatUsd(amount)]))).toEqual(
      expected.lines,
    );
    expect(formatUsd(charge.amount)).toBe(expected.amount);
  });
});

/** `5.0` and `5` are one rate. */
function normal(rate: string): string {
  return rate.includes('.') ? rate.replace(/\.?0+$/, '') : rate;
}
