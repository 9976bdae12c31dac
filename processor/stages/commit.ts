import type { Micros } from '../../pricing/charge.ts';
import { signOf, type Appended, type Entry, type Ledger } from '../ledger.ts';
import type { Span } from '../otlp/request.ts';
import { correct } from './correct.ts';
import { createOnce, type Plan, type Told } from './once.ts';

/** What became of the calls of one request. */
export interface Committed {
  /** Those that are charged, and what the ledger says of each, in the same order. */
  readonly calls: readonly Told[];
  readonly appended: readonly Appended[];
  /** Told by another span or record, which is charged. */
  readonly nested: readonly Span[];
  /** Revisions of what others told worse before. */
  readonly takenBack: readonly Appended[];
}

/** Writes calls to the ledger, each once whoever tells it, in spans or in log records. Nothing was done where it rejects. */
export type Commit = (told: readonly Told[]) => Promise<Committed>;

/** How far back a call may have been told whose next span comes after a restart. */
const RECALLED_US = 600_000_000;
const MOST_RECALLED = 20_000;

/**
 * What was charged in the ten minutes before `now`, for `createCommit`.
 *
 * @example createCommit(ledger, await recentCalls(ledger, Date.now() * 1000))
 */
export async function recentCalls(ledger: Pick<Ledger, 'entries'>, now: Micros): Promise<readonly Entry[]> {
  const times = { from: now - RECALLED_US, to: Number.MAX_SAFE_INTEGER };
  const entries = await ledger.entries({ where: [], ...times, limit: MOST_RECALLED });
  const newest = new Map<string, Entry>();
  for (const entry of entries.toSorted((a, b) => a.startUs - b.startUs || a.rev - b.rev))
    newest.set(`${entry.startUs}/${entry.traceId}/${entry.spanId}`, entry);
  // One that was taken back is told by another.
  return [...newest.values()].filter((entry) => signOf(entry) === 1);
}

/** One for all receivers of a processor: what they take may tell the same calls. */
export function createCommit(
  ledger: Pick<Ledger, 'append' | 'adjust' | 'find'>,
  recent: readonly Entry[] = [],
): Commit {
  const once = createOnce();
  once.recall(recent);
  /** Appends that are under way: what they write can't be taken back before it is there. */
  const underWay = new Set<Promise<unknown>>();

  return async (told) => {
    const plan = once.plan(told);
    try {
      return await carryOut(plan);
    } catch (error) {
      plan.undo();
      throw error;
    }
  };

  /** First what is taken back: a process that ends in between has the better call sent to it again. */
  async function carryOut({ calls, nested, outdone }: Plan): Promise<Committed> {
    if (outdone.length > 0) await Promise.allSettled(underWay);
    const takenBack = await correct(
      ledger,
      outdone.map((of) => ({ of, replacement: undefined })),
      'told by a better span',
    );
    if (calls.length === 0) return { calls, nested, takenBack, appended: [] };
    const append = ledger.append(calls.map(({ entry }) => entry));
    underWay.add(append);
    try {
      return { calls, nested, takenBack, appended: await append };
    } finally {
      underWay.delete(append);
    }
  }
}
