import type { Micros } from '../../pricing/charge.ts';
import { ageDays, STALE_DAYS } from '../../pricing/audit.ts';
import { formatUsd } from '../../pricing/money.ts';
import type { CostRow, DimensionName, Entry, LedgerReader, Matcher } from '../ledger.ts';
import type { Counters } from '../metrics.ts';
import { addSums, emptySums, HOUR } from '../rollup.ts';
import type { QualityParams } from './params.ts';
import { newestCalls } from './sample.ts';
import { isoTime } from './time.ts';

/** What every call should say. */
export const requiredTags = ['customer_id', 'feature'] as const satisfies readonly DimensionName[];
/** Nobody sold tokens before: a span that starts earlier had no clock. */
const FIRST_CALLS: Micros = Date.UTC(2020, 0, 1) * 1000;
/** Rows of a list. */
const SHOWN = 50;

export interface QualitySources {
  readonly ledger: Pick<LedgerReader, 'costs' | 'entries'>;
  readonly counters: Counters;
  readonly prices: { readonly checked: string; readonly version: string; readonly held: number };
  readonly started: Micros;
}

/** How far the figures of a range can be trusted, and what was received since the processor started. */
export async function qualityJson(sources: QualitySources, query: QualityParams, now: Micros) {
  const { ledger } = sources;
  const sums = async (where: readonly Matcher[], by: readonly DimensionName[] = []): Promise<readonly CostRow[]> =>
    ledger.costs({ ...query, by, where: [...query.where, ...where] });
  const without = (name: DimensionName): Matcher => ({ name, op: '=', value: '' });
  const [whole, services, unpriced, past, future, sample, ...untagged] = await Promise.all([
    sums([]),
    sums([], ['service']),
    sums([{ name: 'status', op: '=', value: 'unpriced' }], ['provider', 'model']),
    ledger.costs({ ...query, by: [], from: 0, to: FIRST_CALLS }),
    ledger.costs({ ...query, by: [], from: nextHour(now), to: Number.MAX_SAFE_INTEGER }),
    newestCalls(ledger, query),
    ...requiredTags.map((name) => sums([without(name)], ['service'])),
  ]);
  const age = ageDays(sources.prices.checked, now);
  return {
    from: isoTime(query.from),
    to: isoTime(query.to),
    total: sumsJson(whole[0]),
    untagged: requiredTags.map((tag, index) => Object.assign(sumsJson(sumOf(untagged[index] ?? [])), { tag })),
    by_service: services
      .toSorted((a, b) => b.calls - a.calls)
      .slice(0, SHOWN)
      .map((row) => {
        const service = row.values.service ?? '';
        const missing = requiredTags.map((tag, index) =>
          Object.assign(sumsJson(untagged[index]?.find(({ values }) => values.service === service)), { tag }),
        );
        return Object.assign(sumsJson(row), { service, untagged: missing });
      }),
    unpriced: unpriced
      .toSorted((a, b) => b.calls - a.calls)
      .slice(0, SHOWN)
      .map(({ values, calls, inputTokens, outputTokens }) => ({
        provider: values.provider ?? '',
        model: values.model ?? '',
        calls,
        input_tokens: inputTokens,
        output_tokens: outputTokens,
      })),
    impossible_times: {
      before: { to: isoTime(FIRST_CALLS), ...sumsJson(past[0]) },
      after: { from: isoTime(nextHour(now)), ...sumsJson(future[0]) },
    },
    looked_at: lookedAt(sample),
    prices: {
      version: sources.prices.version,
      checked: sources.prices.checked,
      age_days: age,
      stale: age > STALE_DAYS,
      held: sources.prices.held,
    },
    since_start: sinceStart(sources),
  };
}

/** Rollups have hours: what begins after the running one did not happen yet. Clocks that differ by minutes are no fault. */
function nextHour(now: Micros): Micros {
  return (Math.floor(now / HOUR) + 1) * HOUR;
}

function sumsJson(row: Pick<CostRow, 'calls' | 'cost' | 'unpricedCalls'> | undefined) {
  const { calls, cost, unpricedCalls } = row ?? { ...emptySums(), unpricedCalls: 0 };
  return {
    calls,
    cost_usd: calls > 0 && unpricedCalls === calls ? null : formatUsd(cost),
    unpriced_calls: unpricedCalls,
  };
}

function sumOf(rows: readonly CostRow[]) {
  const sum = { ...emptySums(), unpricedCalls: 0 };
  for (const row of rows) {
    addSums(sum, row);
    sum.unpricedCalls += row.unpricedCalls;
  }
  return sum;
}

/** What only the calls themselves say. */
function lookedAt(calls: readonly Entry[]) {
  const count = (of: (entry: Entry) => string | undefined): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const entry of calls) {
      const key = of(entry);
      if (key !== undefined) counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  };
  return {
    calls: calls.length,
    usage_state: count(({ usageState }) => usageState),
    usage_basis: count(({ basis }) => basis),
    unpriced_reason: count(({ charge }) => (charge.status === 'unpriced' ? charge.reason : undefined)),
    price_source: count(({ charge }) => (charge.status === 'priced' ? charge.source : undefined)),
    dialect: count(({ dialect }) => dialect),
    renamed: renamed(calls),
  };
}

/** The most frequent first. */
function renamed(calls: readonly Entry[]) {
  const pairs = new Map<
    string,
    { provider: string; model: string; sent_provider: string; sent_model: string; calls: number }
  >();
  for (const { dimensions, sentProvider, sentModel } of calls) {
    const { provider, model } = dimensions;
    const other = (sentModel !== '' && sentModel !== model) || (sentProvider !== '' && sentProvider !== provider);
    if (!other) continue;
    const key = JSON.stringify([provider, model, sentProvider, sentModel]);
    const pair = pairs.get(key) ?? { provider, model, sent_provider: sentProvider, sent_model: sentModel, calls: 0 };
    pairs.set(key, pair);
    pair.calls++;
  }
  return [...pairs.values()].toSorted((a, b) => b.calls - a.calls).slice(0, SHOWN);
}

function sinceStart({ counters, started }: QualitySources) {
  const labels = (name: Parameters<Counters['labelled']>[0]): Record<string, number> =>
    Object.fromEntries(counters.labelled(name));
  return {
    at: isoTime(started),
    calls: counters.get('received_calls'),
    duplicates: counters.get('duplicate_calls'),
    unpriced: labels('unpriced_calls'),
    not_reported: labels('estimated_calls'),
    untagged: labels('untagged_calls'),
    nested: counters.get('nested_calls'),
    aggregates: counters.get('aggregate_spans'),
    settled_aggregates: labels('settled_aggregates'),
    open_calls: labels('open_calls'),
    unreadable_spans: counters.get('unreadable_spans'),
    refused_requests: labels('refused_requests'),
  };
}
