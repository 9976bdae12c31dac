import { unitNames } from '../../pricing/usage/units.ts';
import type { Entry } from '../ledger.ts';
import type { Span } from '../otlp/request.ts';
import { CLIENT, familyOf, isBetter, isLog, isSame, type Kept } from './better.ts';
import type { Once, Told } from './once.ts';

/**
 * One call may be told by several spans: a framework's over a client library's over a gateway's. They share the trace and
 * the id of the provider's answer; one of them is charged. Which one does not depend on the order in which they come: a
 * better one that comes later takes the other's place.
 *
 * The memory is bounded, and one process's own; `recall` gives the next one what the ledger knows. Spans of one call that come
 * with `limit` other calls between them, or to two processors, can be charged twice: send a trace to one processor.
 */
export function createAnswers(limit: number): Once {
  const charged = new Map<string, Kept>();

  function forgetOldest(): void {
    for (const key of charged.keys()) {
      if (charged.size <= limit) break;
      charged.delete(key);
    }
  }

  return {
    recall(entries) {
      for (const entry of entries) {
        const key = keyOf({ entry });
        // What kind of span it was is not in the ledger; it is the last thing that is asked.
        if (key !== undefined) charged.set(key, { entry, kind: CLIENT });
      }
      forgetOldest();
    },
    plan(told) {
      const taken = new Map<Kept, Told>();
      const before = new Map<string, Kept | undefined>();
      /** Of this request, what is charged for a key: more than one where a span was sent twice. */
      const siblings = new Map<string, Kept[]>();
      const outdone = new Set<Entry>();
      const nested = new Set<Span>();
      for (const one of told) {
        const key = keyOf(one);
        const kept: Kept = { entry: one.entry, kind: one.span.kind };
        const found = key === undefined ? undefined : charged.get(key);
        const rival = found !== undefined && isRival(found, kept) ? found : undefined;
        if (rival !== undefined && !isSame(rival, kept) && !isBetter(kept, rival)) {
          nested.add(one.span);
          continue;
        }
        taken.set(kept, one);
        if (key === undefined) continue;
        if (!before.has(key)) before.set(key, found);
        if (rival !== undefined && !isSame(rival, kept)) {
          // One that came again in this request may be in the ledger from before.
          const earlier = before.get(key);
          const outdoneHere = siblings.get(key) ?? [];
          siblings.delete(key);
          for (const sibling of outdoneHere) {
            const worse = taken.get(sibling);
            if (worse !== undefined) nested.add(worse.span);
            taken.delete(sibling);
          }
          if (outdoneHere.length === 0) outdone.add(rival.entry);
          else if (earlier !== undefined && isSame(earlier, rival)) outdone.add(earlier.entry);
        }
        charged.delete(key);
        charged.set(key, kept);
        const same = siblings.get(key);
        if (same === undefined) siblings.set(key, [kept]);
        else same.push(kept);
      }
      forgetOldest();
      return {
        calls: [...taken.values()],
        nested: [...nested],
        outdone: [...outdone],
        undo() {
          for (const [key, rival] of before) {
            const now = charged.get(key);
            // Somebody else's plan since then stands.
            if (now === undefined || !taken.has(now)) continue;
            if (rival === undefined) charged.delete(key);
            else charged.set(key, rival);
          }
        },
      };
    },
  };
}

/**
 * Undefined for a call that cannot be told twice as far as we can know, or that says nothing of what it used. Coding agents
 * tell a call in spans, in log events or in both, and their events may stand in no trace: the id of the answer has to do,
 * and where there is none, session and counts.
 */
function keyOf({ entry }: Pick<Told, 'entry'>): string | undefined {
  const { responseId, counts } = entry;
  if (Object.keys(counts).length === 0) return undefined;
  const family = familyOf(entry);
  if (responseId !== '') return family === undefined ? `${entry.traceId}/${responseId}` : `${family}/${responseId}`;
  if (family === undefined || entry.sessionId === '') return undefined;
  const used = unitNames.map((unit) => counts[unit] ?? 0).join();
  return `${family}//${entry.sessionId}/${used}`;
}

/** Two calls may use the same; that one signal tells one call twice without the id of its answer is not to be expected. */
function isRival(a: Kept, b: Kept): boolean {
  return a.entry.responseId !== '' || isLog(a.entry) !== isLog(b.entry) || isSame(a, b);
}
