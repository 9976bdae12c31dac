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
import { createOnce } from './stages/once.ts';

/** What one span is to us, and why: what `spanledger explain` prints. */
export interface Explanation {
  readonly span: Span;
  readonly call: Call | undefined;
  /** Of a billable call; nothing else is charged. */
  readonly charge: Charge | undefined;
}

/** The same reading and the same price as the ledger's. */
export function explainSpan(span: Span, prices: Prices, read: CallReader = readCall): Explanation {
  const call = isMarker(span) ? undefined : read(span);
  return { span, call, charge: call?.kind === 'call' ? chargeFor(call, chargedAt(span), prices) : undefined };
}

/**
 * All of a file: of a call that several spans or records tell, one is charged, and the others are nested.
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
  const nested = new Set(createOnce(Infinity).plan(told).nested);
  return all.map((one) => (nested.has(one.span) ? { span: one.span, call: one.call, charge: undefined } : one));
}

/** The same for a log record, read as `LogRequest` says. */
export function explainRecord(record: Span, prices: Prices): Explanation {
  const call = readLogCall(record);
  return { span: record, call, charge: call && chargeFor(call, chargedAt(record), prices) };
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
