import type { Micros } from '../../pricing/charge.ts';
import type { BudgetStanding } from '../budgets/index.ts';
import type { LivePrices } from '../live-prices.ts';
import type { SpoolState } from '../exporters/index.ts';
import { counterNames, metricTable, type Counters } from '../metrics.ts';
import type { Point } from './exposition.ts';
import type { SpendMetrics } from './spend.ts';

/** Keys of one budget that have series; the fullest, as nobody needs a series of a budget that is hardly touched. */
const KEYS_A_BUDGET = 20;

type BudgetFigures = Pick<BudgetStanding, 'budget' | 'labels' | 'spent_usd' | 'amount_usd' | 'ratio'> & {
  readonly forecast?: Pick<NonNullable<BudgetStanding['forecast']>, 'ratio'> | null;
};

export interface MetricSources {
  readonly spend: Pick<SpendMetrics, 'points'>;
  readonly counters: Counters;
  readonly prices: Pick<LivePrices, 'checked' | 'models' | 'held'>;
  readonly budgets: { states(): readonly BudgetFigures[] };
  /** What waits for each backend, if spans go on to any. */
  readonly spools?: (() => readonly SpoolState[]) | undefined;
}

/** Every value as it stands now, for `/metrics` and whatever else exposes them. */
export function* collectMetrics(
  { spend, counters, prices, budgets, spools }: MetricSources,
  now: Micros,
): Generator<Point> {
  yield* spend.points();
  for (const metric of counterNames) {
    const labelled = counters.labelled(metric);
    // A counter without a label is there from the start: an alert on it needs a value to rise from.
    if (labelled.size === 0 && metricTable[metric].labels.length === 0) yield { metric, labels: [], value: 0 };
    for (const [label, value] of labelled) yield { metric, labels: label === '' ? [] : [label], value };
  }
  yield { metric: 'price_age', labels: [], value: priceAge(prices.checked, now) };
  yield { metric: 'price_models', labels: [], value: prices.models };
  yield { metric: 'price_held', labels: [], value: prices.held };
  for (const { name, bytes, items } of spools?.() ?? []) {
    yield { metric: 'spool_bytes', labels: [name], value: bytes };
    yield { metric: 'spool_spans', labels: [name], value: items };
  }
  yield* budgetPoints(budgets.states());
}

/** Seconds since the day on which the price book was last checked. */
export function priceAge(checked: string, now: Micros): number {
  return Math.max(0, Math.floor((now / 1000 - Date.parse(checked)) / 1000));
}

function* budgetPoints(states: readonly BudgetFigures[]): Generator<Point> {
  const kept = new Map<string, number>();
  for (const state of states) {
    const count = kept.get(state.budget) ?? 0;
    if (count === KEYS_A_BUDGET) continue;
    kept.set(state.budget, count + 1);
    const key = Object.entries(state.labels).map(([name, value]) => `${name}=${value}`);
    const labels = [state.budget, key.join(',')];
    // Budgets of tokens or requests have a ratio only: these two are USD by name.
    if (state.spent_usd !== null) yield { metric: 'budget_spent', labels, value: Number(state.spent_usd) };
    if (state.amount_usd !== null) yield { metric: 'budget_limit', labels, value: Number(state.amount_usd) };
    if (state.ratio !== null) yield { metric: 'budget_ratio', labels, value: state.ratio };
    const forecast = state.forecast?.ratio ?? null;
    if (forecast !== null) yield { metric: 'budget_forecast_ratio', labels, value: forecast };
  }
}
