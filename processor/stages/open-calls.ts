import type { Micros } from '../../pricing/charge.ts';
import type { Appended, Entry, Ledger } from '../ledger.ts';
import type { Counters } from '../metrics.ts';
import type { Span } from '../otlp/request.ts';
import type { Held } from '../window.ts';
import { correct } from './correct.ts';
import type { Prices } from './entry.ts';
import { entryOf } from './entry-text.ts';
import { keyOf, LEASE } from './held-rows.ts';
import type { Told } from './once.ts';
import { NOT_ENDED, openCall, type OpenBody } from './open-call.ts';

const ENDED = 'the call ended';

export interface OpenCallsOptions {
  readonly ledger: Pick<Ledger, 'append' | 'adjust' | 'find' | 'window'>;
  readonly prices: Prices;
  readonly counters: Pick<Counters, 'add'>;
  readonly openUs: Micros;
  readonly keepUs: Micros;
}

/** Calls that were announced: their span closes them; those that are never closed are charged by estimate. */
export interface OpenCalls {
  /** What is announced in a request that does not bring the call itself. */
  toHold(markers: Iterable<Span>, calls: readonly Told[], at: Micros): readonly Held[];
  /** Calls that end: those that wait are no longer open, those that were charged by estimate get their figures. */
  end(rows: readonly Held[], calls: readonly Told[]): Promise<readonly Appended[]>;
  /** Charges those that are due. */
  sweep(rows: readonly Held[], at: Micros): Promise<readonly Appended[]>;
}

export function createOpenCalls({ ledger, prices, counters, openUs, keepUs }: OpenCallsOptions): OpenCalls {
  const { window } = ledger;

  async function end(rows: readonly Held[], calls: readonly Told[]): Promise<readonly Appended[]> {
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

  /** A call that never ended was killed with its application, mostly. */
  async function sweep(rows: readonly Held[], at: Micros): Promise<readonly Appended[]> {
    if (rows.length === 0) return [];
    await window.mark(rows, { state: 'charging', dueUs: at + LEASE });
    const appended = await ledger.append(rows.map((row) => openBodyOf(row)));
    const [estimated, ended] = [rows.filter((_, n) => isOwn(appended[n])), rows.filter((_, n) => !isOwn(appended[n]))];
    await window.mark(estimated, { state: 'charged', dueUs: at + keepUs });
    await window.release(ended);
    counters.add('open_calls', appended.filter(({ inserted }) => inserted).length, 'estimated');
    counters.add('open_calls', ended.length, 'ended');
    return appended;
  }

  return {
    toHold(markers, calls, at) {
      const ended = new Set(calls.map(({ entry }) => entry.traceId + entry.spanId));
      const held: Held[] = [];
      for (const marker of markers) {
        const open = openCall(marker, at + openUs, prices);
        if (open !== undefined && !ended.has(open.traceId + open.spanId)) held.push(open);
      }
      return held;
    },
    end,
    sweep,
  };
}

function openBodyOf({ body }: Held): Entry {
  return entryOf((JSON.parse(body) as OpenBody).entry);
}

/** Whether the ledger holds our estimate, from now or from before a processor ended. */
function isOwn(appended: Appended | undefined): boolean {
  return appended !== undefined && (appended.inserted || appended.entry.error === NOT_ENDED);
}
