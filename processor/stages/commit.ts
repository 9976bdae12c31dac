import type { Appended, Ledger } from '../ledger.ts';
import type { Span } from '../otlp/request.ts';
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

/** One for all receivers of a processor: what they take may tell the same calls. */
export function createCommit(ledger: Pick<Ledger, 'append' | 'adjust'>): Commit {
  const once = createOnce();
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
    const adjusted =
      outdone.length === 0
        ? []
        : await ledger.adjust(outdone.map((of) => ({ of, replacement: undefined, id: 'told by a better span' })));
    const takenBack = adjusted.flatMap(({ revisions }) => revisions);
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
