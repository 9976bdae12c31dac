import type { Micros } from '../../pricing/charge.ts';
import type { UsageState } from '../../pricing/usage/usage.ts';
import type { Entry } from '../ledger.ts';
import type { Span } from '../otlp/request.ts';
import type { TraceCall } from '../window.ts';
import type { Lineage } from './lineage.ts';

/** A span with usage, and when it was. */
export interface Timed {
  readonly traceId: string;
  readonly spanId: string;
  readonly startUs: Micros;
  readonly endUs: Micros;
}

export interface TimedCall extends Timed {
  readonly usageState: UsageState;
  readonly responseId: string;
}

/** Why an aggregate is not charged. */
export type Reason =
  /** What it repeats is charged. */
  | 'parts_known'
  /** It is a part of a call. */
  | 'inside_call'
  /** A call of its trace has the same `gen_ai.response.id`. */
  | 'same_answer'
  /** Without a trace id nobody can tell what is below it. */
  | 'no_trace'
  /** `fetch_response` asks again for an answer that was counted when it was made. */
  | 'polling';

/** A call as the judge sees it. */
export function timed(call: TraceCall): TimedCall {
  const { traceId, spanId, startUs, durationUs, usageState, responseId } = call;
  return { traceId, spanId, startUs, endUs: startUs + durationUs, usageState, responseId };
}

/** Why an aggregate is not charged whatever else comes; undefined where that has to be seen. */
export function certainReason(
  span: Pick<Span, 'traceId'>,
  { operation }: Pick<Entry, 'operation'>,
): Reason | undefined {
  if (/^0*$/.test(span.traceId)) return 'no_trace';
  return operation === 'fetch_response' ? 'polling' : undefined;
}

/** Some emitters cut the times of one span to milliseconds and not those of the next. */
const TOLERANCE_US = 5_000;

/**
 * Why this aggregate is not to be charged; undefined where nothing billable is known below it. Of nested aggregates without
 * calls the innermost is charged. Links decide; where the chain of parents is broken, whether it happened within.
 */
export function reasonNotTo(
  aggregate: Timed & { readonly responseId: string },
  others: { readonly calls: readonly TimedCall[]; readonly aggregates: readonly Timed[] },
  lineage: Lineage,
): Reason | undefined {
  const { traceId, spanId, responseId } = aggregate;
  if (lineage.isCovered(traceId, spanId)) return 'parts_known';
  if (lineage.isWithin(traceId, spanId)) return 'inside_call';
  if (lineage.hasAnswer(traceId, responseId)) return 'same_answer';
  for (const call of others.calls) {
    if (call.traceId !== traceId || call.spanId === spanId || !covers(call)) continue;
    if (responseId !== '' && call.responseId === responseId) return 'same_answer';
    if (isBelow(call, aggregate, lineage)) return 'parts_known';
    if (lineage.kinship(traceId, spanId, call.spanId) === 'below') return 'inside_call';
  }
  const inner = others.aggregates.some(
    (other) =>
      other.traceId === traceId &&
      other.spanId !== spanId &&
      isBelow(other, aggregate, lineage) &&
      // Of two that took equally long, and of which nothing else is known, one.
      (lineage.kinship(traceId, other.spanId, spanId) === 'below' || isInner(other, aggregate)),
  );
  return inner ? 'parts_known' : undefined;
}

/** A call that does not say what it used leaves the charge to what is above it. */
export function covers({ usageState }: Pick<TimedCall, 'usageState'>): boolean {
  return usageState !== 'absent';
}

function isBelow(one: Timed, above: Timed, lineage: Lineage): boolean {
  const kinship = lineage.kinship(above.traceId, one.spanId, above.spanId);
  if (kinship !== 'unknown') return kinship === 'below';
  return one.startUs >= above.startUs - TOLERANCE_US && one.endUs <= above.endUs + TOLERANCE_US;
}

function isInner(one: Timed, other: Timed): boolean {
  const [left, right] = [one.endUs - one.startUs, other.endUs - other.startUs];
  return left === right ? one.spanId < other.spanId : left < right;
}
