import { roundUsd } from '../../pricing/money.ts';
import { matchersText } from '../matcher.ts';
import type { AmountUnit } from './measure.ts';
import { accountLabels, accountMatchers, isoTime, type Account } from './account.ts';
import type { Forecast } from './forecast.ts';
import { thresholdId, type Threshold } from './rule.ts';
import { evaluate, type BudgetState } from './evaluate.ts';
import { shareText, valueText } from './quantity.ts';

/** How one key of one budget stands in the running period: as `GET /api/v1/budgets` answers it. */
export interface BudgetStanding {
  readonly budget: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly period: { readonly kind: string; readonly start: string; readonly end: string };
  /** What the budget counts: USD, tokens or requests. */
  readonly unit: AmountUnit;
  /** Null where it is a share of a revenue that is not known. */
  readonly amount: string | null;
  readonly spent: string;
  /** The same where the unit is USD; else null. */
  readonly amount_usd: string | null;
  readonly spent_usd: string | null;
  /** Spent by amount, cut to six decimals; null with an amount of 0. */
  readonly ratio: number | null;
  readonly state: BudgetState;
  readonly thresholds: readonly {
    /** As a share of the amount, as `ratio`; null with an amount of 0. */
    readonly at: number | null;
    readonly level: string;
    readonly basis: Threshold['basis'];
    readonly severity: string;
    /** When it was told; null before. */
    readonly fired_at: string | null;
  }[];
  /** By the end of the period; null where the budget has no threshold on it, or it is too early. */
  readonly forecast: {
    readonly expected: string;
    readonly low: string;
    readonly high: string;
    /** Expected by amount, as `ratio` of the budget. */
    readonly ratio: number | null;
    readonly method: Forecast['method'];
  } | null;
  readonly unpriced_calls: number;
  /** The calls that are summed, for `where` of the other resources. */
  readonly where: string;
}

export function standing(account: Account, forecast?: Forecast): BudgetStanding {
  const { rule, period, terms, spent, unpricedCalls } = account;
  const { unit } = terms.amount;
  const [amount, spentText] = [terms.unknown ? null : valueText(unit, terms.amount.value), valueText(unit, spent)];
  const ratio = (value: bigint): number | null =>
    terms.amount.value === 0n ? null : Number(shareText(value, terms.amount.value, 6));
  return {
    budget: rule.budget,
    labels: accountLabels(account),
    period: { kind: period.kind, start: isoTime(period.startUs), end: isoTime(period.endUs) },
    unit,
    amount,
    spent: spentText,
    amount_usd: unit === 'USD' ? amount : null,
    spent_usd: unit === 'USD' ? spentText : null,
    ratio: ratio(spent),
    state: stateOf(account),
    thresholds: [...terms.limits, ...terms.forecasts].map(({ threshold, value }) => {
      const at = account.fired.get(thresholdId(threshold));
      const { label: level, basis, severity } = threshold;
      return { at: ratio(value), level, basis, severity, fired_at: at === undefined ? null : isoTime(at) };
    }),
    forecast: forecast === undefined ? null : forecastJson(unit, forecast, ratio(forecast.expected)),
    unpriced_calls: unpricedCalls,
    where: matchersText(accountMatchers(account)),
  };
}

/** A trend is no budget: it can't be exceeded, and with nothing to compare with all is well. */
function stateOf({ rule, terms, spent, period, fired }: Account): BudgetState {
  const { state } = evaluate(terms, spent, period, period.startUs, fired);
  if (rule.trend === undefined) return state;
  return terms.limits.length === 0 || state === 'ok' ? 'ok' : 'alerting';
}

function forecastJson(
  unit: AmountUnit,
  { expected, low, high, method }: Forecast,
  ratio: number | null,
): BudgetStanding['forecast'] {
  const text = (value: bigint): string => valueText(unit, unit === 'USD' ? roundUsd(value, 2) : value);
  return { expected: text(expected), low: text(low), high: text(high), ratio, method };
}

/**
 * The fullest accounts first, at most `limit`; an overspent amount of 0 before all others. Never sorts more than twice
 * `limit` at a time, and by doubles: there may be 100,000 keys, and somebody waits.
 */
export function fullest(accounts: Iterable<Account>, limit: number): readonly Account[] {
  let kept: Ranked[] = [];
  let least = -Infinity;
  for (const account of accounts) {
    const fullness = fullnessOf(account);
    if (fullness <= least) continue;
    kept.push({ account, fullness });
    if (kept.length < 2 * limit) continue;
    kept = kept.toSorted(byFullness).slice(0, limit);
    least = kept.at(-1)?.fullness ?? least;
  }
  return kept
    .toSorted(byFullness)
    .slice(0, limit)
    .map(({ account }) => account);
}

interface Ranked {
  readonly account: Account;
  readonly fullness: number;
}

function fullnessOf({ spent, terms }: Account): number {
  return spent === 0n ? 0 : Number(spent) / Number(terms.amount.value);
}

function byFullness(a: Ranked, b: Ranked): number {
  return a.fullness === b.fullness ? 0 : b.fullness - a.fullness;
}
