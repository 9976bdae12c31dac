import type { Entry } from '../ledger.ts';
import type { Span } from '../otlp/request.ts';
import { createAnswers } from './answers.ts';
import { createTwins } from './twins.ts';

/** A call as a span told it. */
export interface Told {
  readonly span: Span;
  readonly entry: Entry;
}

/** What is to be done so that every call of one request is charged once, whoever told it before. */
export interface Plan {
  /** To append. */
  readonly calls: readonly Told[];
  /** Told by another span that is charged. */
  readonly nested: readonly Span[];
  /** In the ledger, and now told better: to be taken back before `calls` are appended. */
  readonly outdone: readonly Entry[];
  /** To be called when nothing of the plan was done: the sender comes again. */
  readonly undo: () => void;
}

export interface Once {
  plan(calls: readonly Told[]): Plan;
  /** What was charged before this process, oldest first. */
  recall(entries: Iterable<Entry>): void;
}

/**
 * One call may be told by several spans: a framework's over a client library's over a gateway's, or those of two
 * instrumentations of one client. One of them is charged. They are known by the id of the provider's answer, and where one of
 * them does not have it by what they say of the same time. `limit` bounds what each of the two remembers.
 *
 * @example
 * const once = createOnce();
 * const { calls, nested, outdone } = once.plan(reading.calls);
 */
export function createOnce(limit: number = 100_000): Once {
  const answers = createAnswers(limit);
  const twins = createTwins(limit);
  return {
    recall(entries) {
      const all = [...entries];
      answers.recall(all);
      twins.recall(all);
    },
    plan(told) {
      const byAnswer = answers.plan(told);
      const byCounts = twins.plan(byAnswer.calls);
      const outdone = [...byAnswer.outdone, ...byCounts.outdone];
      return {
        calls: byCounts.calls,
        nested: [...byAnswer.nested, ...byCounts.nested],
        outdone: [
          ...new Map(outdone.map((entry) => [`${entry.startUs}/${entry.traceId}/${entry.spanId}`, entry])).values(),
        ],
        undo() {
          byCounts.undo();
          byAnswer.undo();
        },
      };
    },
  };
}
