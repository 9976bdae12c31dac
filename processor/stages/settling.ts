import type { Micros } from '../../pricing/charge.ts';
import type { Appended, Entry, Ledger } from '../ledger.ts';
import type { Counters } from '../metrics.ts';
import type { Link } from '../otlp/links.ts';
import type { Span } from '../otlp/request.ts';
import type { Held, TraceCall } from '../window.ts';
import { correct } from './correct.ts';
import type { Prices } from './entry.ts';
import { entryOf, entryText } from './entry-text.ts';
import { covers, reasonNotTo, type Reason, type TimedCall } from './judge.ts';
import { createLineage } from './lineage.ts';
import type { Told } from './once.ts';
import { NOT_ENDED, openCall, type OpenBody } from './open-call.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export interface SettlingOptions {
  readonly ledger: Pick<Ledger, 'append' | 'adjust' | 'find' | 'window'>;
  readonly prices: Prices;
  readonly counters: Pick<Counters, 'add'>;
  /** Told what a sweep wrote. Must not throw. */
  readonly observe: (appended: readonly Appended[]) => void;
  readonly now?: () => Micros;
  /** How long an aggregate waits for what it repeats. */
  readonly settleUs?: Micros;
  /** How long a call may be open. */
  readonly openUs?: Micros;
  /** How long what was charged is remembered, to be taken back. */
  readonly keepUs?: Micros;
}

/** What one request holds for the window, once its calls are in the ledger. */
export interface Arrived {
  /** Every call that was told, those included that another span tells better. */
  readonly calls: readonly Told[];
  readonly aggregates: readonly Told[];
  readonly markers: Iterable<Span>;
  /** The links of the traces that are asked for. */
  readonly links: (isWanted: (traceId: string) => boolean) => readonly Link[];
}

export interface Settling {
  /**
   * Holds back what is to be held, and puts right what was charged too early. To be awaited before the request is
   * acknowledged. Answers the revisions that it wrote.
   */
  take(arrived: Arrived): Promise<readonly Appended[]>;
  /** Charges or forgets what is due. */
  sweep(): Promise<void>;
}

/** A processor that ended in the middle of a sweep is followed by another after this long. */
const LEASE = 30 * SECOND;
const LIMIT = 500;
const TAKEN_BACK = 'a call below it came';
const ENDED = 'the call ended';

/**
 * Charges what carries usage and is no call of its own, agents and workflows, when nothing billable below it came in time;
 * and calls that were announced and never ended, by estimate. What comes later after all takes that back, or replaces it.
 *
 * Everything that is held is in the ledger's window before it is acknowledged. Whoever writes looks afterwards whether the
 * other side wrote meanwhile: a call first enters the ledger and then asks for charged aggregates, an aggregate is first
 * charged and then asks for calls. So one of the two sees the other, whichever processes they came to.
 */
export function createSettling({
  ledger,
  prices,
  counters,
  observe,
  now = () => Date.now() * 1000,
  settleUs = 2 * MINUTE,
  openUs = 15 * MINUTE,
  keepUs = 24 * HOUR,
}: SettlingOptions): Settling {
  const { window } = ledger;
  const lineage = createLineage();
  /** Traces whose links are wanted though a request has no call of theirs. */
  const waiting = new Map<string, Micros>();
  /** Links are kept while there are emitters that write aggregates, and at the start, when that is not known yet. */
  let nestedAt = now();
  let sweeping = false;

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

  function learn({ calls, aggregates, links }: Arrived, traces: ReadonlySet<string>): void {
    const isActive = now() - nestedAt < HOUR;
    if (!isActive && waiting.size === 0) return;
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

  /** What has to wait, and of the rest why it is not charged. */
  function toHold({ calls, aggregates, markers }: Arrived, at: Micros): Held[] {
    const held: Held[] = [];
    for (const { span, entry } of aggregates) {
      const reason = atOnce(span, entry);
      if (reason !== undefined) {
        counters.add('settled_aggregates', 1, reason);
        continue;
      }
      const body = JSON.stringify({ parent: span.parentSpanId, entry: entryText(entry) });
      const times = { startUs: entry.startUs, endUs: entry.startUs + entry.durationUs, dueUs: at + settleUs };
      held.push({ ...keyOf(entry), kind: 'aggregate', state: 'waiting', ...times, body });
    }
    const ended = new Set(calls.map(({ entry }) => entry.traceId + entry.spanId));
    for (const marker of markers) {
      const open = openCall(marker, at + openUs, prices);
      if (open !== undefined && !ended.has(open.traceId + open.spanId)) held.push(open);
    }
    return held;
  }

  function atOnce(span: Span, entry: Entry): Reason | undefined {
    if (/^0*$/.test(span.traceId)) return 'no_trace';
    if (entry.operation === 'fetch_response') return 'polling';
    if (lineage.isCovered(entry.traceId, entry.spanId)) return 'parts_known';
    if (lineage.isWithin(entry.traceId, entry.spanId)) return 'inside_call';
    return lineage.hasAnswer(entry.traceId, entry.responseId) ? 'same_answer' : undefined;
  }

  /** Calls that end: those that wait are no longer open, those that were charged by estimate get their figures. */
  async function end(rows: readonly Held[], calls: readonly Told[]): Promise<Appended[]> {
    const byId = new Map(calls.map(({ entry }) => [entry.traceId + entry.spanId, entry]));
    const pairs = rows.flatMap((row): (readonly [Held, Entry])[] => {
      const entry = row.kind === 'open' ? byId.get(row.traceId + row.spanId) : undefined;
      return entry === undefined ? [] : [[row, entry]];
    });
    if (pairs.length === 0) return [];
    const [open, charged] = [
      pairs.filter(([{ state }]) => state === 'waiting'),
      pairs.filter(([row, entry]) => row.state !== 'waiting' && row.startUs === entry.startUs),
    ];
    if (open.length > 0) await window.release(open.map(([row]) => row));
    counters.add('open_calls', open.length, 'ended');
    if (charged.length === 0) return [];
    // Its row stays until it is forgotten, so that a resend finds the same answer.
    const revisions = await correct(
      ledger,
      charged.map(([row, replacement]) => ({ of: keyOf(row), replacement })),
      ENDED,
    );
    counters.add(
      'open_calls',
      revisions.filter(({ entry, inserted }) => inserted && entry.rev % 2 === 0).length,
      'replaced',
    );
    return revisions;
  }

  async function sweepAggregates(rows: readonly Held[], at: Micros): Promise<void> {
    if (rows.length === 0) return;
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
    if (written.length > 0) observe(written);
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

  /** A call that never ended was killed with its application, mostly. */
  async function sweepOpen(rows: readonly Held[], at: Micros): Promise<void> {
    if (rows.length === 0) return;
    await window.mark(rows, { state: 'charging', dueUs: at + LEASE });
    const appended = await ledger.append(rows.map((row) => openBodyOf(row)));
    const [estimated, ended] = [rows.filter((_, n) => isOwn(appended[n])), rows.filter((_, n) => !isOwn(appended[n]))];
    await window.mark(estimated, { state: 'charged', dueUs: at + keepUs });
    await window.release(ended);
    counters.add('open_calls', appended.filter(({ inserted }) => inserted).length, 'estimated');
    counters.add('open_calls', ended.length, 'ended');
    observe(appended);
  }

  return {
    async take(arrived) {
      const at = now();
      if (arrived.aggregates.length > 0) nestedAt = at;
      const traces = new Set([...arrived.calls, ...arrived.aggregates].map(({ entry }) => entry.traceId));
      learn(arrived, traces);
      const held = toHold(arrived, at);
      if (held.length > 0) {
        await window.hold(held);
        for (const { kind, traceId } of held) if (kind === 'aggregate') waiting.set(traceId, at + settleUs + LEASE);
      }
      for (const [traceId, until] of waiting) {
        if (until > at && waiting.size < 10_000) break;
        waiting.delete(traceId);
      }
      if (arrived.calls.length === 0) return [];
      const rows = recall(await window.ofTraces([...new Set(arrived.calls.map(({ entry }) => entry.traceId))]));
      if (rows.length === 0) return [];
      const calls = arrived.calls.map(({ entry }) => timed(entry));
      const aggregates = rows.filter(({ kind }) => kind === 'aggregate');
      // Those that wait are judged when they are due, with all that came meanwhile; what is certain is not waited for.
      const early = aggregates.filter(
        ({ state, traceId, spanId }) => state !== 'waiting' || lineage.isCovered(traceId, spanId),
      );
      return [...(await takeBack(early, judge(early, calls, []))), ...(await end(rows, arrived.calls))];
    },
    async sweep() {
      if (sweeping) return;
      sweeping = true;
      try {
        for (let more = true; more;) {
          const at = now();
          const due = await window.claim({ now: at, until: at + LEASE, limit: LIMIT });
          more = due.length === LIMIT;
          await window.release(due.filter(({ state }) => state === 'charged'));
          const rows = due.filter(({ state }) => state !== 'charged');
          await sweepAggregates(
            rows.filter(({ kind }) => kind === 'aggregate'),
            at,
          );
          await sweepOpen(
            rows.filter(({ kind }) => kind === 'open'),
            at,
          );
        }
      } finally {
        sweeping = false;
      }
    },
  };
}

function keyOf({ traceId, spanId, startUs }: Pick<Entry, 'traceId' | 'spanId' | 'startUs'>) {
  return { traceId, spanId, startUs };
}

const bodies = new WeakMap<Held, { readonly parent: string; readonly entry: Entry }>();
function bodyOf(row: Held): { readonly parent: string; readonly entry: Entry } {
  const known = bodies.get(row);
  if (known !== undefined) return known;
  const { parent, entry } = JSON.parse(row.body) as { readonly parent: string; readonly entry: string };
  const body = { parent, entry: entryOf(entry) };
  bodies.set(row, body);
  return body;
}

function timed(call: TraceCall): TimedCall {
  const { traceId, spanId, startUs, durationUs, usageState, responseId } = call;
  return { traceId, spanId, startUs, endUs: startUs + durationUs, usageState, responseId };
}

function openBodyOf({ body }: Held): Entry {
  return entryOf((JSON.parse(body) as OpenBody).entry);
}

/** Whether the ledger holds our estimate, from now or from before a processor ended. */
function isOwn(appended: Appended | undefined): boolean {
  return appended !== undefined && (appended.inserted || appended.entry.error === NOT_ENDED);
}
