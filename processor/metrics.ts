/** A row of the table: everything that is exposed, and nothing else. */
export interface Metric {
  /** OpenTelemetry's name; Prometheus has underscores and, for counters, `_total`. */
  readonly name: string;
  /** UCUM; '' where the name says it. */
  readonly unit: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
}

const spendLabels = ['provider', 'model', 'feature', 'plan', 'team', 'environment'] as const;

/** From the ledger, since its first entry. */
const ledgerMetrics = {
  cost: {
    name: 'spanledger.cost.usd',
    unit: '',
    kind: 'counter',
    help: 'Cost of priced calls in USD',
    labels: spendLabels,
  },
  tokens: {
    name: 'spanledger.tokens',
    unit: '{token}',
    kind: 'counter',
    help: 'Tokens, each counted under one type: input (not cached), cache_read, cache_write, output (without reasoning), reasoning',
    labels: [...spendLabels, 'direction', 'type'],
  },
  calls: {
    name: 'spanledger.calls',
    unit: '{call}',
    kind: 'counter',
    help: 'LLM calls, by whether a price was found',
    labels: [...spendLabels, 'status'],
  },
} as const satisfies Record<string, Metric>;

/** Of this process, or as things stand now. */
const stateMetrics = {
  customer_cost: {
    name: 'spanledger.customer.cost.usd',
    unit: '',
    kind: 'counter',
    help: 'Cost in USD since the processor started, of the dearest customers; all others are "other"',
    labels: ['customer_id'],
  },
  price_age: {
    name: 'spanledger.prices.age.seconds',
    unit: 's',
    kind: 'gauge',
    help: 'Time since the price book was last checked against its sources',
    labels: [],
  },
  price_models: {
    name: 'spanledger.prices.models',
    unit: '{model}',
    kind: 'gauge',
    help: 'Models in the price book',
    labels: [],
  },
  price_held: {
    name: 'spanledger.prices.held',
    unit: '{change}',
    kind: 'gauge',
    help: 'Changes of rates in the published list that wait for approval; of prices.refresh: daily',
    labels: [],
  },
  spool_bytes: {
    name: 'spanledger.forward.spool.bytes',
    unit: 'By',
    kind: 'gauge',
    help: 'Bytes on disk that wait for a backend',
    labels: ['backend'],
  },
  spool_spans: {
    name: 'spanledger.forward.spool.spans',
    unit: '{span}',
    kind: 'gauge',
    help: 'Spans, log records and metrics that wait for a backend',
    labels: ['backend'],
  },
  budget_spent: {
    name: 'spanledger.budget.spent.usd',
    unit: '',
    kind: 'gauge',
    help: 'Spent in the running period, of the keys of each budget that are nearest to its amount',
    labels: ['budget', 'key'],
  },
  budget_limit: {
    name: 'spanledger.budget.limit.usd',
    unit: '',
    kind: 'gauge',
    help: 'Amount of the budget in the running period',
    labels: ['budget', 'key'],
  },
  budget_ratio: {
    name: 'spanledger.budget.ratio',
    unit: '1',
    kind: 'gauge',
    help: 'Spent by amount in the running period',
    labels: ['budget', 'key'],
  },
  budget_forecast_ratio: {
    name: 'spanledger.budget.forecast.ratio',
    unit: '1',
    kind: 'gauge',
    help: 'What will have been spent by the end of the running period, by amount; of budgets with a threshold on it',
    labels: ['budget', 'key'],
  },
} as const satisfies Record<string, Metric>;

/** What the processor counts itself, from its start. At most one label. */
const counterMetrics = {
  received_spans: {
    name: 'spanledger.received.spans',
    unit: '{span}',
    kind: 'counter',
    help: 'Spans received',
    labels: [],
  },
  received_log_records: {
    name: 'spanledger.received.log.records',
    unit: '{record}',
    kind: 'counter',
    help: 'Log records received',
    labels: [],
  },
  received_metrics: {
    name: 'spanledger.received.metrics',
    unit: '{metric}',
    kind: 'counter',
    help: 'Metrics received, to be passed on',
    labels: [],
  },
  received_calls: {
    name: 'spanledger.received.calls',
    unit: '{call}',
    kind: 'counter',
    help: 'LLM calls that were new to the ledger',
    labels: [],
  },
  duplicate_calls: {
    name: 'spanledger.duplicate.calls',
    unit: '{call}',
    kind: 'counter',
    help: 'Calls that were in the ledger already and changed nothing',
    labels: [],
  },
  estimated_calls: {
    name: 'spanledger.estimated.calls',
    unit: '{call}',
    kind: 'counter',
    help: 'New calls whose usage is not what the provider reported, by usage state',
    labels: ['state'],
  },
  untagged_calls: {
    name: 'spanledger.untagged.calls',
    unit: '{call}',
    kind: 'counter',
    help: 'New calls without this tag',
    labels: ['tag'],
  },
  unpriced_calls: {
    name: 'spanledger.unpriced.calls',
    unit: '{call}',
    kind: 'counter',
    help: 'New calls without a figure, by reason: their cost is unknown and in no sum',
    labels: ['reason'],
  },
  aggregate_spans: {
    name: 'spanledger.aggregate.spans',
    unit: '{span}',
    kind: 'counter',
    help: 'Spans that repeat the usage of their children and are not charged',
    labels: [],
  },
  nested_calls: {
    name: 'spanledger.nested.calls',
    unit: '{span}',
    kind: 'counter',
    help: 'Spans and log records of calls that another one tells, which is charged in their place',
    labels: [],
  },
  reported_gap: {
    name: 'spanledger.reported.gap.usd',
    unit: '',
    kind: 'counter',
    help: 'Cost in USD that providers reported above or below what the price book says, of new calls; the reported figure is charged',
    labels: ['direction'],
  },
  settled_aggregates: {
    name: 'spanledger.settled.aggregates',
    unit: '{span}',
    kind: 'counter',
    help: 'What became of aggregates: charged (nothing billable came below them in time), taken_back (it came later), or why they were not charged: parts_known, inside_call, same_answer, no_trace, polling',
    labels: ['outcome'],
  },
  open_calls: {
    name: 'spanledger.open.calls',
    unit: '{call}',
    kind: 'counter',
    help: 'What became of calls that were announced: ended, estimated (their end did not come in time), or replaced (it came after that)',
    labels: ['outcome'],
  },
  other_spans: {
    name: 'spanledger.other.spans',
    unit: '{span}',
    kind: 'counter',
    help: 'Spans that speak of no LLM call, by instrumentation scope',
    labels: ['scope'],
  },
  unreadable_spans: {
    name: 'spanledger.unreadable.spans',
    unit: '{span}',
    kind: 'counter',
    help: 'Spans that could not be read and were passed on as they came',
    labels: [],
  },
  refused_requests: {
    name: 'spanledger.refused.requests',
    unit: '{request}',
    kind: 'counter',
    help: 'OTLP requests that were refused, by error code',
    labels: ['code'],
  },
  forward_failed_spans: {
    name: 'spanledger.forward.failed.spans',
    unit: '{span}',
    kind: 'counter',
    help: 'Spans that a backend will not get, because its spool was full or it refused them; their calls are in the ledger all the same',
    labels: [],
  },
  forward_spooled_spans: {
    name: 'spanledger.forward.spooled.spans',
    unit: '{span}',
    kind: 'counter',
    help: 'Spans that were laid into the spool of a backend that was away, to be sent later',
    labels: ['backend'],
  },
  dead_letter_spans: {
    name: 'spanledger.dead.letter.spans',
    unit: '{span}',
    kind: 'counter',
    help: 'Spans that a backend refused for good, kept in its file of dead letters',
    labels: ['backend'],
  },
  budget_crossings: {
    name: 'spanledger.budget.crossings',
    unit: '{crossing}',
    kind: 'counter',
    help: 'Budget thresholds that were crossed',
    labels: [],
  },
  notifications_delivered: {
    name: 'spanledger.notifications.delivered',
    unit: '{notification}',
    kind: 'counter',
    help: 'Budget alerts that a receiver took, by receiver',
    labels: ['receiver'],
  },
  notifications_failed: {
    name: 'spanledger.notifications.failed',
    unit: '{attempt}',
    kind: 'counter',
    help: 'Attempts to deliver budget alerts that failed and are made again, by receiver',
    labels: ['receiver'],
  },
  notifications_dead_lettered: {
    name: 'spanledger.notifications.dead.lettered',
    unit: '{notification}',
    kind: 'counter',
    help: 'Budget alerts that a receiver refuses, or did not take within a day, kept in the file of dead letters; by receiver',
    labels: ['receiver'],
  },
  metrics_push_failures: {
    name: 'spanledger.metrics.push.failures',
    unit: '{attempt}',
    kind: 'counter',
    help: 'Attempts to send these metrics by OTLP that failed; the next ones hold them too',
    labels: [],
  },
  series_overflow: {
    name: 'spanledger.series.overflow',
    unit: '{call}',
    kind: 'counter',
    help: 'Calls whose labels were folded into "other" because the series budget is used up',
    labels: [],
  },
} as const satisfies Record<string, Metric>;

/** The single source of names for `/metrics`, dashboards and docs. To add a metric, add a row. */
export const metricTable = { ...ledgerMetrics, ...stateMetrics, ...counterMetrics };

export type MetricName = keyof typeof metricTable;
export type CounterName = keyof typeof counterMetrics;
/** Their sums go on from the ledger's first entry, whenever the processor was started. */
export const ledgerNames: ReadonlySet<MetricName> = new Set(
  Object.keys(ledgerMetrics) as (keyof typeof ledgerMetrics)[],
);
export const counterNames = Object.keys(counterMetrics) as readonly CounterName[];

/** Label values of one counter; further ones are counted under "other". */
const MAX_LABELS = 100;
const MAX_LABEL_LENGTH = 200;

/** The processor's own counters. Memory is bounded whatever is counted. */
export interface Counters {
  /**
   * @param amount a whole number, 0 or more
   * @param label the value of the counter's label, where it has one
   * @example counters.add('refused_requests', 1, 'malformed_otlp')
   */
  add(name: CounterName, amount?: number, label?: string): void;
  /** The sum over all labels, or of one. */
  get(name: CounterName, label?: string): number;
  /** Label values and their counts, in the order in which they came up; '' where there is no label. */
  labelled(name: CounterName): ReadonlyMap<string, number>;
}

/** @example const counters = createCounters(); counters.add('received_spans', 512); */
export function createCounters(): Counters {
  const counts = new Map<CounterName, Map<string, number>>(counterNames.map((name) => [name, new Map()]));
  const of = (name: CounterName): Map<string, number> => counts.get(name) ?? new Map<string, number>();
  return {
    add(name, amount = 1, label = '') {
      const values = of(name);
      const short = label.length > MAX_LABEL_LENGTH ? `${label.slice(0, MAX_LABEL_LENGTH)}…` : label;
      const key = values.has(short) || values.size < MAX_LABELS ? short : 'other';
      values.set(key, (values.get(key) ?? 0) + amount);
    },
    get(name, label) {
      if (label !== undefined) return of(name).get(label) ?? 0;
      let sum = 0;
      for (const count of of(name).values()) sum += count;
      return sum;
    },
    labelled: (name) => of(name),
  };
}
