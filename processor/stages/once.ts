import { unitNames } from '../../pricing/usage/units.ts';
import { logDialects } from '../dialects/logs/index.ts';
import type { Entry } from '../ledger.ts';
import type { Span } from '../otlp/request.ts';

/** A call as a span told it. */
export interface Told {
  readonly span: Span;
  readonly entry: Entry;
}

/** What is remembered of it: not the span, which holds on to the bytes of its whole request. */
interface Kept {
  readonly entry: Entry;
  readonly kind: number;
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

const CLIENT = 3;

/**
 * One call may be told by several spans: a framework's over a client library's over a gateway's. They share the trace and
 * the id of the provider's answer; one of them is charged. Which one does not depend on the order in which they come: a
 * better one that comes later takes the other's place.
 *
 * The memory is bounded, and one process's own; `recall` gives the next one what the ledger knows. Spans of one call that come
 * with `limit` other calls between them, or to two processors, can be charged twice: send a trace to one processor.
 *
 * @example
 * const once = createOnce();
 * const { calls, nested, outdone } = once.plan(reading.calls);
 */
export function createOnce(limit: number = 100_000): Once {
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

const isLog = ({ dialect }: Entry): boolean => dialect.endsWith(LOG);
const LOG = '-log';
const families: ReadonlySet<string> = new Set(logDialects.map(({ name }) => name.slice(0, -LOG.length)));

/** Of emitters with two signals, which may tell the same call. */
function familyOf({ dialect }: Entry): string | undefined {
  const family = dialect.endsWith(LOG) ? dialect.slice(0, -LOG.length) : dialect;
  return families.has(family) ? family : undefined;
}

/** Two calls may use the same; that one signal tells one call twice without the id of its answer is not to be expected. */
function isRival(a: Kept, b: Kept): boolean {
  return a.entry.responseId !== '' || isLog(a.entry) !== isLog(b.entry) || isSame(a, b);
}

function isSame(a: Kept, b: Kept): boolean {
  return a.entry.spanId === b.entry.spanId && a.entry.startUs === b.entry.startUs;
}

/**
 * Ours first: it has the provider's own counts, and the customer. Then the innermost, which is the shortest: what is further
 * out may be an alias or a sum. The rest only makes the order a total one.
 */
function isBetter(a: Kept, b: Kept): boolean {
  const ours = Number(b.entry.dialect !== 'spanledger') - Number(a.entry.dialect !== 'spanledger');
  if (ours !== 0) return ours > 0;
  // A span says more than an event, and its trace is known for certain.
  const signal = Number(isLog(b.entry)) - Number(isLog(a.entry));
  if (signal !== 0) return signal > 0;
  if (a.entry.durationUs !== b.entry.durationUs) return a.entry.durationUs < b.entry.durationUs;
  const client = Number(a.kind === CLIENT) - Number(b.kind === CLIENT);
  return client === 0 ? a.entry.spanId < b.entry.spanId : client > 0;
}
