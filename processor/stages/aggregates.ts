import type { Micros } from '../../pricing/charge.ts';
import type { Appended, Entry, Ledger } from '../ledger.ts';
import type { Counters } from '../metrics.ts';
import type { Link } from '../otlp/links.ts';
import type { Span } from '../otlp/request.ts';
import type { Held } from '../window.ts';
import { correct } from './correct.ts';
import { bodyOf, heldAggregate, keyOf, LEASE } from './held-rows.ts';
import { certainReason, covers, reasonNotTo, timed, type Reason, type TimedCall } from './judge.ts';
import { createLineage } from './lineage.ts';
import type { Told } from './once.ts';

const SECOND = 1_000_000;
const HOUR = 3_600 * SECOND;
const TAKEN_BACK = 'a call below it came';
/** Traces that are waited for at once, whoever makes them up. */
const MOST_WAITING = 10_000;

export interface AggregatesOptions {
  readonly ledger: Pick<Ledger, 'append' | 'adjust' | 'find' | 'window'>;
  readonly counters: Pick<Counters, 'add'>;
  readonly startedAt: Micros;
  readonly settleUs: Micros;
  readonly keepUs: Micros;
}

/** What one request says of who is above whom. */
export interface Related {
  readonly calls: readonly Told[];
  readonly aggregates: readonly Told[];
  /** The links of the traces that are asked for. */
  readonly links: (isWanted: (traceId: string) => boolean) => readonly Link[];
}

/** Agents and workflows: charged where nothing billable is known below them once they have waited. */
export interface Aggregates {
  /** What of a request has to wait. The rest is counted, with the reason why it is not charged. */
  toHold(related: Related, at: Micros): readonly Held[];
  /** These are in the window now: what is told of their traces is listened to. */
  listenFor(held: readonly Held[], at: Micros): void;
  /** Forgets those that wait above calls that are now in the ledger, and takes back what was charged too early. */
  meet(rows: readonly Held[], calls: readonly Told[]): Promise<readonly Appended[]>;
  /** Charges or forgets those that are due. */
  sweep(rows: readonly Held[], at: Micros): Promise<readonly Appended[]>;
}

export function createAggregates({ ledger, counters, startedAt, settleUs, keepUs }: AggregatesOptions): Aggregates {
  const { window } = ledger;
  const lineage = createLineage();
  /** Traces whose links are wanted though a request has no call of theirs. */
  const waiting = new Map<string, Micros>();
  /** Links are kept while there are emitters that write aggregates, and at the start, when that is not known yet. */
  let nestedAt = startedAt;

  /** Rows of a process before this one bring their link along. */
  function recall(rows: readonly Held[]): readonly Held[] {
    for (const row of rows) {
      if (row.kind !== 'aggregate') continue;
      const { parent } = bodyOf(row);
      lineage.link({ traceId: row.traceId, spanId: row.spanId, parentSpanId: parent });
      lineage.cover(row.traceId, row.spanId, false);
    }
    return rows;
  }

  /** Why each is not to be charged, or undefined. */
  function judge(
    rows: readonly Held[],
    calls: readonly TimedCall[],
    all: readonly Held[],
  ): ReadonlyMap<Held, Reason | undefined> {
    const aggregates = all.filter(({ kind }) => kind === 'aggregate');
    const charged = new Set(aggregates.map(({ traceId, spanId }) => traceId + spanId));
    const leaves = calls.filter(({ traceId, spanId }) => !charged.has(traceId + spanId));
    return new Map(
      rows.map((row) => {
        const { responseId } = bodyOf(row).entry;
        return [row, reasonNotTo({ ...row, responseId }, { calls: leaves, aggregates }, lineage)] as const;
      }),
    );
  }

  /** What of the charged rows is told by these calls after all. */
  async function takeBack(rows: readonly Held[], reasons: ReadonlyMap<Held, Reason | undefined>): Promise<Appended[]> {
    const wrong = rows.filter((row) => reasons.get(row) !== undefined);
    const charged = wrong.filter(({ state }) => state !== 'waiting');
    const revisions = await correct(
      ledger,
      charged.map((row) => ({ of: keyOf(row), replacement: undefined })),
      TAKEN_BACK,
    );
    if (wrong.length > 0) await window.release(wrong);
    for (const row of wrong) {
      waiting.delete(row.traceId);
      const isTakenBack = row.state === 'charged' && revisions.some(({ entry }) => entry.spanId === row.spanId);
      counters.add('settled_aggregates', 1, isTakenBack ? 'taken_back' : reasons.get(row));
    }
    return revisions;
  }

  function learn({ calls, aggregates, links }: Related, at: Micros): void {
    if (aggregates.length > 0) nestedAt = at;
    const isActive = at - nestedAt < HOUR;
    if (!isActive && waiting.size === 0) return;
    const traces = new Set([...calls, ...aggregates].map(({ entry }) => entry.traceId));
    if (traces.size > 0 || waiting.size > 0)
      for (const link of links((traceId) => traces.has(traceId) || waiting.has(traceId))) lineage.link(link);
    for (const { entry } of calls) {
      if (!covers(entry)) continue;
      lineage.cover(entry.traceId, entry.spanId, true);
      lineage.addAnswer(entry.traceId, entry.responseId);
    }
    for (const { entry } of aggregates)
      if (entry.operation !== 'fetch_response') lineage.cover(entry.traceId, entry.spanId, false);
  }

  function atOnce(span: Span, entry: Entry): Reason | undefined {
    const certain = certainReason(span, entry);
    if (certain !== undefined) return certain;
    if (lineage.isCovered(entry.traceId, entry.spanId)) return 'parts_known';
    if (lineage.isWithin(entry.traceId, entry.spanId)) return 'inside_call';
    return lineage.hasAnswer(entry.traceId, entry.responseId) ? 'same_answer' : undefined;
  }

  async function sweep(rows: readonly Held[], at: Micros): Promise<readonly Appended[]> {
    if (rows.length === 0) return [];
    const traceIds = [...new Set(rows.map(({ traceId }) => traceId))];
    const all = recall(await window.ofTraces(traceIds));
    // The ledger is asked for what no memory holds: before this process, or in another.
    const reasons = judge(rows, await callsOf(rows), all);
    const written = await takeBack(rows, reasons);
    const charging = rows.filter((row) => reasons.get(row) === undefined);
    if (charging.length > 0) {
      await window.mark(charging, { state: 'charging', dueUs: at + LEASE });
      const appended = await ledger.append(charging.map((row) => bodyOf(row).entry));
      await window.mark(charging, { state: 'charged', dueUs: at + keepUs });
      counters.add('settled_aggregates', appended.filter(({ inserted }) => inserted).length, 'charged');
      for (const { traceId } of charging) waiting.delete(traceId);
      written.push(...appended);
      written.push(...(await lookAgain(charging, traceIds)));
    }
    return written;
  }

  /**
   * A call that entered the ledger since it was asked may have found nothing charged yet, and have released what it found
   * waiting. And what is charged now may be below something that was charged before.
   */
  async function lookAgain(rows: readonly Held[], traceIds: readonly string[]): Promise<Appended[]> {
    const all = recall(await window.ofTraces(traceIds));
    const ids = new Set(rows.map(({ traceId, spanId }) => traceId + spanId));
    const others = all.filter(({ traceId, spanId }) => !ids.has(traceId + spanId));
    const charged = [
      ...rows.map((row): Held => ({ ...row, state: 'charged' })),
      ...others.filter(({ kind, state }) => kind === 'aggregate' && state !== 'waiting'),
    ];
    return takeBack(charged, judge(charged, await callsOf(charged), [...charged, ...others]));
  }

  async function callsOf(rows: readonly Held[]): Promise<TimedCall[]> {
    if (rows.length === 0) return [];
    const from = rows.reduce((least, { startUs }) => Math.min(least, startUs), Infinity) - SECOND;
    const to = rows.reduce((most, { endUs }) => Math.max(most, endUs), 0) + SECOND;
    const traceIds = [...new Set(rows.map(({ traceId }) => traceId))];
    const calls = await window.calls({ traceIds, from: Math.max(0, from), to });
    return calls.map(timed);
  }

  return {
    toHold(related, at) {
      learn(related, at);
      const held: Held[] = [];
      for (const { span, entry } of related.aggregates) {
        const reason = atOnce(span, entry);
        if (reason === undefined) held.push(heldAggregate(span, entry, at + settleUs));
        else counters.add('settled_aggregates', 1, reason);
      }
      return held;
    },
    listenFor(held, at) {
      for (const { traceId } of held) waiting.set(traceId, at + settleUs + LEASE);
      for (const [traceId, until] of waiting) {
        if (until > at && waiting.size < MOST_WAITING) break;
        waiting.delete(traceId);
      }
    },
    meet(rows, calls) {
      const aggregates = recall(rows).filter(({ kind }) => kind === 'aggregate');
      // Those that wait are judged when they are due, with all that came meanwhile; what is certain is not waited for.
      const early = aggregates.filter(
        ({ state, traceId, spanId }) => state !== 'waiting' || lineage.isCovered(traceId, spanId),
      );
      const came = calls.map(({ entry }) => timed(entry));
      return takeBack(early, judge(early, came, []));
    },
    sweep,
  };
}
