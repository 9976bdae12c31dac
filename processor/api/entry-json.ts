import { chargeJson } from '../../pricing/index.ts';
import { signOf, type Entry, type EntryKey } from '../ledger.ts';
import { isoTime } from './time.ts';

/** One entry as the API gives it. */
export function entryJson(entry: Entry) {
  return {
    trace_id: entry.traceId,
    span_id: entry.spanId,
    rev: entry.rev,
    // Whether the figures below count, or take back those of the revision before.
    effect: signOf(entry) === 1 ? 'charge' : 'reversal',
    adjustment: entry.adjustment,
    start: isoTime(entry.startUs),
    duration_ms: entry.durationUs / 1000,
    ...entry.dimensions,
    operation: entry.operation,
    dialect: entry.dialect,
    sent_provider: entry.sentProvider,
    sent_model: entry.sentModel,
    region: entry.region,
    usage_state: entry.usageState,
    usage_basis: entry.basis,
    usage: entry.counts,
    task_id: entry.taskId,
    user_id: entry.userId,
    session_id: entry.sessionId,
    response_id: entry.responseId,
    attempts: entry.attempts,
    fallback_from: entry.fallbackFrom,
    error: entry.error,
    tags: entry.extra,
    charge: chargeJson(entry.charge),
  };
}

/** All of one call: as it came in, what was corrected, and what it is taken to be now. */
export function callJson(revisions: readonly Entry[]) {
  const last = revisions.at(-1);
  const ids = new Set(revisions.map(({ adjustment }) => adjustment).filter((id) => id !== ''));
  return {
    revisions: revisions.map(entryJson),
    adjustments: Array.from(ids, (id) => ({
      id,
      revisions: revisions.filter(({ adjustment }) => adjustment === id).map(({ rev }) => rev),
    })),
    /** Null where the call was taken back, and costs nothing. */
    stands: last === undefined || signOf(last) === -1 ? null : entryJson(last),
  };
}

/** Where the next page begins, as an opaque word. */
export function cursorOf({ startUs, traceId, spanId, rev }: EntryKey): string {
  return Buffer.from(`${startUs}.${traceId}.${spanId}.${rev}`).toString('base64url');
}

/** Throws a RangeError for anything that `cursorOf` did not give. */
export function readCursor(cursor: string): EntryKey {
  const plain = Buffer.from(cursor, 'base64url').toString();
  const [, startUs, traceId, spanId, rev] =
    /^(-?\d{1,16})\.([0-9a-f]{32})\.([0-9a-f]{16})\.(\d{1,9})$/.exec(plain) ?? [];
  if (startUs === undefined || traceId === undefined || spanId === undefined)
    throw new RangeError('take the "next" of the previous answer as it is');
  return { startUs: Number(startUs), traceId, spanId, rev: Number(rev) };
}
