import { chargeJson, type ChargeJson } from '../pricing/charge-json.ts';
import type { Charge } from '../pricing/charge.ts';
import type { Counts } from '../pricing/usage/usage.ts';
import type { Call } from './call.ts';
import { readCall, type CallReader } from './dialects/index.ts';
import { readLogCall } from './dialects/logs/index.ts';
import type { Span } from './otlp/index.ts';
import { chargedAt, chargeFor, entryFor, type Prices } from './stages/entry.ts';
import { identify } from './stages/identity.ts';
import { isMarker } from './stages/marker.ts';
import { certainReason, covers, reasonNotTo, timed, type Reason } from './stages/judge.ts';
import { createLineage } from './stages/lineage.ts';
import { createOnce, type Told } from './stages/once.ts';

/** What one span is to us, and why: what `spanledger explain` prints. */
export interface Explanation {
  readonly span: Span;
  readonly call: Call | undefined;
  /** Of a billable call, and of an aggregate that nothing billable is below. */
  readonly charge: Charge | undefined;
  /** Why an aggregate is not charged. */
  readonly reason?: Reason | undefined;
}

/** The same reading and the same price as the ledger's. */
export function explainSpan(span: Span, prices: Prices, read: CallReader = readCall): Explanation {
  const call = isMarker(span) ? undefined : read(span);
  return { span, call, charge: call?.kind === 'call' ? chargeFor(call, chargedAt(span), prices) : undefined };
}

/**
 * All of a file, as if nothing else came: of a call that several spans or records tell, one is charged and the others are
 * nested; an aggregate is charged where nothing billable is below it.
 *
 * @example explainAll({ spans: readTraces(body, 'json').spans, records: [] }, loadPriceBook())
 */
export function explainAll(
  { spans, records }: { readonly spans: readonly Span[]; readonly records: readonly Span[] },
  prices: Prices,
  read: CallReader = readCall,
): readonly Explanation[] {
  const all = [
    ...spans.map((span) => explainSpan(span, prices, read)),
    ...records.map((record) => explainRecord(record, prices)),
  ];
  const told = all.flatMap(({ span, call, charge }) =>
    call === undefined || charge === undefined ? [] : [{ span, entry: entryFor(span, call, charge) }],
  );
  const charged = new Set(withoutResends(createOnce(Infinity).plan(told).calls).map(({ span }) => span));
  const judged = judgeAggregates(all, told, prices);
  return all.map((one) => judged.get(one.span) ?? (charged.has(one.span) ? one : uncharged(one)));
}

function uncharged({ span, call }: Explanation): Explanation {
  return { span, call, charge: undefined };
}

/** The ledger knows a span that comes again. */
function withoutResends(calls: readonly Told[]): readonly Told[] {
  const keyOf = ({ entry: { startUs, traceId, spanId } }: Told): string => `${startUs}/${traceId}/${spanId}`;
  return [...new Map(calls.toReversed().map((one) => [keyOf(one), one])).values()];
}

function judgeAggregates(
  all: readonly Explanation[],
  told: readonly Told[],
  prices: Prices,
): ReadonlyMap<Span, Explanation> {
  const aggregates = all.flatMap(({ span, call }) => {
    if (call?.kind !== 'aggregate') return [];
    const charge = chargeFor(call, chargedAt(span), prices);
    return [{ span, call, charge, entry: entryFor(span, call, charge) }];
  });
  if (aggregates.length === 0) return new Map();
  const lineage = createLineage(Infinity);
  for (const { span, call } of all) {
    const { traceId, spanId } = call === undefined ? span : identify(span);
    lineage.link({ traceId, spanId, parentSpanId: span.parentSpanId });
  }
  const calls = told.map(({ entry }) => timed(entry));
  for (const call of calls) if (covers(call)) lineage.cover(call.traceId, call.spanId, true);
  for (const { entry } of aggregates)
    if (entry.operation !== 'fetch_response') lineage.cover(entry.traceId, entry.spanId, false);
  const others = { calls, aggregates: aggregates.map(({ entry }) => timed(entry)) };
  return new Map(
    aggregates.map(({ span, call, charge, entry }) => {
      const reason = certainReason(span, entry) ?? reasonNotTo(timed(entry), others, lineage);
      return [span, { span, call, charge: reason === undefined ? charge : undefined, reason }];
    }),
  );
}

/** The same for a log record, read as `LogRequest` says. */
export function explainRecord(record: Span, prices: Prices): Explanation {
  const call = readLogCall(record);
  return { span: record, call, charge: call?.kind === 'call' ? chargeFor(call, chargedAt(record), prices) : undefined };
}

/** One line of `explain --json`. */
export interface ExplanationJson {
  readonly trace_id: string;
  readonly span_id: string;
  readonly name: string;
  readonly scope: string;
  readonly dialect: string | null;
  /** `nested`: another span of the same call is charged. */
  readonly kind: 'call' | 'aggregate' | 'nested' | 'other';
  readonly provider: string | null;
  readonly model: string | null;
  readonly operation: string | null;
  readonly tier: string | null;
  /** Disjoint counts. */
  readonly usage: Counts;
  readonly usage_basis: 'reported' | 'assumed' | null;
  readonly usage_state: string | null;
  /** `spanledger.tag.<key>` under its bare key. */
  readonly tags: Readonly<Record<string, string>>;
  readonly charge: ChargeJson | null;
}

function kindOf(call: Call | undefined, charge: Charge | undefined): ExplanationJson['kind'] {
  if (call?.kind === 'call' && charge === undefined) return 'nested';
  return call?.kind ?? 'other';
}

export function explanationJson({ span, call, charge }: Explanation): ExplanationJson {
  const ids = call === undefined ? span : identify(span);
  const { extra, ...named } = call?.tags ?? {};
  const known = call?.usage.status === 'known' ? call.usage : undefined;
  return {
    trace_id: ids.traceId,
    span_id: ids.spanId,
    name: span.name,
    scope: span.scope.name,
    dialect: call?.dialect ?? null,
    kind: kindOf(call, charge),
    provider: call?.provider ?? null,
    model: call?.model ?? null,
    operation: call?.operation ?? null,
    tier: call?.tier ?? null,
    usage: known?.counts ?? {},
    usage_basis: known?.basis ?? null,
    usage_state: call?.usageState ?? null,
    tags: { ...extra, ...named },
    charge: charge === undefined ? null : chargeJson(charge),
  };
}
