import { toNumberUsd } from '../../pricing/money.ts';
import { signOf, type Appended, type CostRow, type DimensionName, type Ledger } from '../ledger.ts';
import type { Counters } from '../metrics.ts';
import { addEntry, addSums, emptySums, type Sums } from '../rollup.ts';
import { createTopCustomers } from './customers.ts';
import type { Point } from './exposition.ts';
import { createRising } from './rising.ts';

/** Series of the ledger's metrics together; the default of the series budget. */
export const SERIES_BUDGET = 10_000;
/** How many series one set of labels can give: cost, calls, five types of tokens. */
const SERIES_A_SET = 7;

const labelNames = [
  'provider',
  'model',
  'feature',
  'plan',
  'team',
  'environment',
  'status',
] as const satisfies readonly DimensionName[];
/** Model and provider stay apart in what is folded: they are few and tell most. */
const folded: ReadonlySet<string> = new Set(['feature', 'plan', 'team', 'environment']);

/** Tags without which cost can't be attributed. */
const expectedTags = ['customer_id', 'feature'] as const;

interface Series {
  readonly labels: readonly string[];
  readonly status: string;
  readonly sums: Sums;
}

export interface SpendOptions {
  readonly ledger: Pick<Ledger, 'costs'>;
  readonly counters: Counters;
  readonly seriesBudget?: number;
  /** Customers with a series of their own. */
  readonly topCustomers?: number;
}

/** The ledger's sums by the labels of the metrics: read once, then kept up with every entry that was inserted. */
export interface SpendMetrics {
  /** Reads what the ledger holds. Nothing may be appended meanwhile. */
  start(): Promise<void>;
  observe(appended: readonly Appended[]): void;
  points(): Generator<Point>;
}

/**
 * Sums are exact; the doubles of the exposition are made when it is asked for. Once the series budget is used up, further
 * combinations of labels are summed under "other" (and counted in `series_overflow`): totals stay right.
 *
 * @example
 * const spend = createSpendMetrics({ ledger, counters });
 * await spend.start();
 * spend.observe(await ledger.append(entries));
 */
export function createSpendMetrics(options: SpendOptions): SpendMetrics {
  const { ledger, counters, seriesBudget = SERIES_BUDGET, topCustomers = 20 } = options;
  const maxSets = Math.max(1, Math.floor(seriesBudget / SERIES_A_SET));
  const series = new Map<string, Series>();
  const customers = createTopCustomers(topCustomers);
  const rising = createRising();

  function seriesOf(values: readonly string[], calls: number): Series {
    const known = series.get(JSON.stringify(values));
    if (known !== undefined) return known;
    if (series.size < maxSets) return open(values);
    counters.add('series_overflow', calls);
    const other = values.map((value, index) => (folded.has(labelNames[index] ?? '') ? 'other' : value));
    const shared = series.get(JSON.stringify(other));
    // Models without end (an attack, a bug) end in one set with nothing but its status.
    if (shared !== undefined || series.size < 2 * maxSets) return shared ?? open(other);
    const all = values.map((value, index) => (labelNames[index] === 'status' ? value : 'other'));
    return series.get(JSON.stringify(all)) ?? open(all);
  }

  function open(values: readonly string[]): Series {
    const opened = { labels: values.slice(0, -1), status: values.at(-1) ?? '', sums: emptySums() };
    series.set(JSON.stringify(values), opened);
    return opened;
  }

  function* read(): Generator<Point> {
    yield* seriesPoints(series.values());
    for (const [customer, cost] of customers.costs())
      yield { metric: 'customer_cost', labels: [customer], value: toNumberUsd(cost) };
  }

  return {
    async start() {
      const all = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' };
      const rows = await ledger.costs({ ...all, by: labelNames });
      for (const row of dearestFirst(rows)) {
        const values = labelNames.map((name) => row.values[name] ?? '');
        addSums(seriesOf(values, row.calls).sums, row);
      }
      const byCustomer = dearestFirst(await ledger.costs({ ...all, by: ['customer_id'] }));
      for (const row of byCustomer) customers.seed(row.values.customer_id ?? '', row.cost);
    },
    observe(appended) {
      if (appended.some(({ entry, inserted }) => inserted && signOf(entry) === -1)) rising.begin(read());
      for (const { entry, inserted } of appended) {
        if (!inserted) continue;
        addEntry(
          seriesOf(
            labelNames.map((name) => entry.dimensions[name]),
            Math.max(0, signOf(entry)),
          ).sums,
          entry,
        );
        if (entry.usageState !== 'reported') counters.add('estimated_calls', 1, entry.usageState);
        for (const tag of expectedTags) if (entry.dimensions[tag] === '') counters.add('untagged_calls', 1, tag);
        if (entry.charge.status === 'priced')
          customers.add(entry.dimensions.customer_id, BigInt(signOf(entry)) * entry.charge.amount);
      }
    },
    points: () => rising.follow(read()),
  };
}

function* seriesPoints(all: Iterable<Series>): Generator<Point> {
  const list = [...all];
  for (const { labels, status, sums } of list)
    if (status === 'priced') yield { metric: 'cost', labels, value: toNumberUsd(sums.cost) };
  for (const { labels, status, sums } of list)
    yield { metric: 'calls', labels: [...labels, status], value: sums.calls };
  yield* tokenPoints(list);
}

/** Both statuses of the same labels are one series. */
function* tokenPoints(all: readonly Series[]): Generator<Point> {
  const merged = new Map<string, { labels: readonly string[]; sums: Sums }>();
  for (const { labels, sums } of all) {
    const key = JSON.stringify(labels);
    const one = merged.get(key) ?? { labels, sums: emptySums() };
    addSums(one.sums, sums);
    merged.set(key, one);
  }
  for (const { labels, sums } of merged.values()) {
    const types = [
      ['input', 'input', sums.inputTokens - sums.cacheReadTokens - sums.cacheWriteTokens],
      ['input', 'cache_read', sums.cacheReadTokens],
      ['input', 'cache_write', sums.cacheWriteTokens],
      ['output', 'output', sums.outputTokens - sums.reasoningTokens],
      ['output', 'reasoning', sums.reasoningTokens],
    ] as const;
    for (const [direction, type, value] of types)
      if (value > 0) yield { metric: 'tokens', labels: [...labels, direction, type], value };
  }
}

function dearestFirst(rows: readonly CostRow[]): CostRow[] {
  return rows.toSorted((a, b) => (a.cost > b.cost ? -1 : a.cost < b.cost ? 1 : 0));
}
