import type { Micros } from '../../pricing/charge.ts';
import type { Period } from './period.ts';
import type { FemtoUsd } from '../../pricing/money.ts';
import { limitOf, shareOf, type Amount } from './quantity.ts';
import { thresholdId, type Rule, type Threshold } from './rule.ts';

/** What holds for a key: its amount, and its thresholds as amounts, the lowest first. */
export interface Terms {
  readonly amount: Amount;
  /** Whether the amount is a share of a revenue that nobody knows; its value means nothing then. */
  readonly unknown?: true;
  /** What the key pays in the period, and what of it its calls may cost: where the terms depend on it and it is known. */
  readonly revenue?: { readonly paid: FemtoUsd; readonly allowed: FemtoUsd } | undefined;
  readonly limits: readonly Limit[];
  /** Thresholds on the forecast, likewise. */
  readonly forecasts: readonly Limit[];
}

export interface Limit {
  readonly threshold: Threshold;
  /** Crossed by this much spent. */
  readonly value: bigint;
}

/**
 * The terms of a rule: with its own amount first, then with that of each override.
 *
 * @param revenue of the key in the period, for a rule that needs it; undefined where it is not known
 */
export function termsOf(rule: Rule, revenue?: FemtoUsd): readonly Terms[] {
  return [rule, ...rule.overrides].map(({ amount: fixed, ofRevenue }) => {
    if (ofRevenue !== undefined && revenue === undefined) return unknownTerms(fixed.unit);
    // Refunds beyond what was paid leave nothing to be spent.
    const paid = revenue === undefined || revenue < 0n ? 0n : revenue;
    const amount = ofRevenue === undefined ? fixed : { unit: fixed.unit, value: shareOf(ofRevenue, paid) };
    const target = ofRevenue === undefined ? paid : amount.value;
    const margins = revenue === undefined ? [] : limitsOf(rule, 'margin', { unit: amount.unit, value: target });
    return {
      revenue: revenue === undefined ? undefined : { paid: revenue, allowed: target },
      amount,
      limits: ascending([...limitsOf(rule, 'actual', amount), ...margins]),
      forecasts: ascending(limitsOf(rule, 'forecast', amount)),
    };
  });
}

/** No amount is known: nothing is reached, and nothing is exceeded. */
function unknownTerms(unit: Amount['unit']): Terms {
  return { amount: { unit, value: 0n }, unknown: true, limits: [], forecasts: [] };
}

function limitsOf({ thresholds }: Rule, basis: Threshold['basis'], amount: Amount): readonly Limit[] {
  return thresholds
    .filter((threshold) => threshold.basis === basis)
    .map((threshold) => ({ threshold, value: limitOf(threshold.at, amount) }));
}

function ascending(limits: readonly Limit[]): readonly Limit[] {
  return limits.toSorted((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
}

/**
 * How a key stands. More spend never makes it healthier.
 * - `ok`: no threshold is reached
 * - `alerting`: at least one is
 * - `exceeded`: all of the amount is spent (with an amount of 0: anything is)
 */
export type BudgetState = 'ok' | 'alerting' | 'exceeded';

export interface Standing {
  readonly state: BudgetState;
  /** Thresholds to be told now, the lowest first. */
  readonly crossings: readonly Threshold[];
}

const NONE: readonly Threshold[] = [];

/**
 * How a key stands in a period, and which thresholds it has crossed that `previous` (labels of thresholds told already)
 * does not know. A period that is over, or has not begun, tells of no crossing: what arrives late is summed where it
 * belongs, but nobody is woken for last month.
 *
 * @example evaluate(terms, parseUsd('4.60'), month, now, new Set(['70%'])).crossings // [the one at 90 %]
 */
export function evaluate(
  terms: Terms,
  spent: bigint,
  period: Period,
  now: Micros,
  previous: { has(label: string): boolean },
): Standing {
  const [lowest] = terms.limits;
  if (lowest === undefined || spent < lowest.value) return { state: stateOf(terms, spent), crossings: NONE };
  const running = period.startUs <= now && now < period.endUs;
  const crossings = running
    ? terms.limits.filter(({ threshold, value }) => spent >= value && !previous.has(thresholdId(threshold)))
    : [];
  return { state: stateOf(terms, spent), crossings: crossings.map(({ threshold }) => threshold) };
}

/**
 * Whether a threshold is reached as things stand; false where the terms no longer have it, undefined where its forecast is
 * not known.
 *
 * @param expected the forecast, if that is what the threshold is about
 */
export function reached(
  terms: Terms,
  id: string,
  spent: bigint,
  expected: () => bigint | undefined,
): boolean | undefined {
  const limit = [...terms.limits, ...terms.forecasts].find(({ threshold }) => thresholdId(threshold) === id);
  if (limit === undefined) return false;
  const value = limit.threshold.basis === 'forecast' ? expected() : spent;
  return value === undefined ? undefined : value >= limit.value;
}

function stateOf({ amount, limits, unknown }: Terms, spent: bigint): BudgetState {
  if (unknown) return 'ok';
  if (spent >= amount.value && spent > 0n) return 'exceeded';
  return limits[0] !== undefined && spent >= limits[0].value ? 'alerting' : 'ok';
}
