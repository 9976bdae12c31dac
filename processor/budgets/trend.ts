import type { Micros } from '../../pricing/charge.ts';
import type { Terms } from './evaluate.ts';
import { shareText, type Amount, type Level } from './quantity.ts';
import type { Rule } from './rule.ts';

/**
 * Spend that is not more than a budget, but far more than it was: a feature that grows, a key that runs away. It only tells.
 * - `growth` wants something to grow from: a key that is new is left to its budget
 * - `spike` takes a key that was not there before for one that spent nothing
 */
export interface Trend {
  readonly kind: (typeof trendKinds)[number];
  /** The window that is looked at, and the one right before it that it is compared with. */
  readonly overUs: Micros;
  readonly compareUs: Micros;
  /** By how much more a time: 300 % is four times as much. */
  readonly above: Extract<Level, { kind: 'share' }>;
  /** Less than this in the window is no news. */
  readonly floor: Amount;
}

export const trendKinds = ['growth', 'spike'] as const;

/**
 * What a key may spend in the window, given what it spent in the one before: that is its amount, which it has reached when
 * the trend is news.
 *
 * @example trendTerms(rule, trend, parseUsd('10')).amount // with 300 % and windows alike: 40 USD
 */
export function trendTerms(
  { thresholds }: Rule,
  { kind, overUs, compareUs, above, floor }: Trend,
  before: bigint,
): Terms {
  const nothing = before <= 0n;
  const [numerator, denominator] = [above.numerator + above.denominator, above.denominator * BigInt(compareUs)];
  const grown = (before * numerator * BigInt(overUs) + denominator - 1n) / denominator;
  const value = !nothing && grown > floor.value ? grown : floor.value;
  const limits = nothing && kind === 'growth' ? [] : thresholds.map((threshold) => ({ threshold, value }));
  return { amount: { unit: floor.unit, value }, limits, forecasts: [] };
}

/**
 * How much more was spent than before, in the same time: `+400%`; undefined where there was nothing before.
 *
 * @example growthText(trend, parseUsd('50'), parseUsd('10')) // '+400%'
 */
export function growthText({ overUs, compareUs }: Trend, spent: bigint, before: bigint): string | undefined {
  if (before <= 0n) return undefined;
  const [now, then] = [spent * BigInt(compareUs), before * BigInt(overUs)];
  return `${now < then ? '' : '+'}${shareText((now - then) * 100n, then, 1)}%`;
}
