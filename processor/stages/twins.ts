import { inputTokens, outputTokens } from '../../pricing/usage/usage.ts';
import type { Entry } from '../ledger.ts';
import type { Span } from '../otlp/request.ts';
import { CLIENT, isBetter, isSame, type Kept } from './better.ts';
import type { Once, Told } from './once.ts';

interface Teller extends Kept {
  /** Name of the instrumentation scope; undefined for what the ledger remembers, which does not have it. */
  readonly scope: string | undefined;
  readonly parentSpanId: string;
}

/** All that tell one call, and the one of them that is charged. Never changed, so that a plan can be undone. */
interface Twins {
  readonly tellers: readonly Teller[];
  readonly charged: Teller;
}

/** A trace may hold ten thousand answers of one word; those that came longest ago are over by now. */
const MOST_ALIKE = 128;

/** Some emitters cut the times of one span to milliseconds and not those of the next. */
const TOLERANCE_US = 5_000;

/**
 * Calls that are told twice without the id of the answer on both sides: by a framework and the client library below it, by
 * two instrumentations of one client. Within one trace, two spans tell one call if
 *
 * - one is the parent of the other and both say the same output and input (or there is a cache, which only one of them
 *   counts as input), or
 * - they are of two instrumentation scopes, one lies within the time of the other, and model, input and output are the same.
 *
 * One scope has one span for each call, so three calls that are alike and made at once are three, told by however many
 * scopes. Answers with different ids are never one call.
 */
export function createTwins(limit: number): Once {
  const known = new Map<string, readonly Twins[]>();
  let size = 0;

  /** What is known under this key is the youngest now. */
  function put(key: string, twins: readonly Twins[] | undefined): void {
    size += weight(twins) - weight(known.get(key));
    known.delete(key);
    if (twins !== undefined) known.set(key, twins);
  }

  function forgetOldest(): void {
    for (const key of known.keys()) {
      if (size <= limit) break;
      put(key, undefined);
    }
  }

  return {
    recall(entries) {
      for (const entry of entries) {
        const key = keyOf(entry);
        const teller = { entry, kind: CLIENT, scope: undefined, parentSpanId: '' };
        if (key !== undefined) put(key, [...(known.get(key) ?? []), { tellers: [teller], charged: teller }]);
      }
      forgetOldest();
    },
    plan(told) {
      const before = new Map<string, readonly Twins[] | undefined>();
      /** The spans of this request by which each is told, and which of them nobody told before. */
      const here = new Map<Teller, Span[]>();
      const isNew = new Set<Teller>();
      const nested = new Set<Span>();
      const outdone: Entry[] = [];
      for (const one of told) {
        const key = keyOf(one.entry);
        if (key === undefined) continue;
        const all = known.get(key) ?? [];
        if (!before.has(key)) before.set(key, known.get(key));
        const teller = tellerOf(one);
        const again = all.flatMap(({ tellers }) => tellers).find((other) => isSame(other, teller));
        const twins = all.find(({ tellers }) => again !== undefined && tellers.includes(again)) ?? closest(all, teller);
        if (again !== undefined) {
          if (twins?.charged === again) here.set(again, [...(here.get(again) ?? []), one.span]);
          else nested.add(one.span);
          continue;
        }
        const isCharged = twins === undefined || isBetter(teller, twins.charged);
        if (isCharged) here.set(teller, [one.span]);
        else nested.add(one.span);
        isNew.add(teller);
        if (isCharged && twins !== undefined) {
          for (const span of here.get(twins.charged) ?? []) nested.add(span);
          if (!isNew.has(twins.charged)) outdone.push(twins.charged.entry);
        }
        const joined = { tellers: [...(twins?.tellers ?? []), teller], charged: isCharged ? teller : twins.charged };
        put(
          key,
          twins === undefined
            ? [...all.slice(1 - MOST_ALIKE), joined]
            : all.map((each) => (each === twins ? joined : each)),
        );
      }
      const after = [...before.keys()].map((key) => [key, known.get(key)] as const);
      forgetOldest();
      return {
        calls: nested.size === 0 ? told : told.filter(({ span }) => !nested.has(span)),
        nested: [...nested],
        outdone,
        undo() {
          // Somebody else's plan since then stands.
          for (const [key, twins] of after) if (known.get(key) === twins) put(key, before.get(key));
        },
      };
    },
  };
}

function weight(twins: readonly Twins[] | undefined): number {
  return twins === undefined ? 0 : twins.reduce((sum, { tellers }) => sum + tellers.length, 0);
}

function tellerOf({ span, entry }: Told): Teller {
  return { entry, kind: span.kind, scope: span.scope.name, parentSpanId: span.parentSpanId };
}

/** Undefined for a call that says nothing of its tokens. */
function keyOf({ traceId, counts }: Entry): string | undefined {
  const output = outputTokens(counts);
  if (output > 0) return `${traceId}/${output}`;
  const input = inputTokens(counts);
  return input > 0 ? `${traceId}/${input}/` : undefined;
}

/** Of several that could be told by it, the one that is certain, else the one that took the most similar time. */
function closest(all: readonly Twins[], teller: Teller): Twins | undefined {
  const apart = ({ tellers, charged }: Twins): number =>
    tellers.some((other) => isCertain(other, teller))
      ? -1
      : Math.abs(charged.entry.durationUs - teller.entry.durationUs);
  const [best] = all.filter(({ tellers }) => isOne(tellers, teller)).toSorted((a, b) => apart(a) - apart(b));
  return best;
}

function isOne(tellers: readonly Teller[], teller: Teller): boolean {
  const { responseId } = teller.entry;
  if (responseId !== '' && tellers.some(({ entry }) => entry.responseId !== '' && entry.responseId !== responseId))
    return false;
  if (tellers.some((other) => isCertain(other, teller))) return true;
  return tellers.every((other) => isOther(other, teller)) && tellers.some((other) => isAlike(other, teller));
}

function isCertain(a: Teller, b: Teller): boolean {
  if (a.entry.responseId !== '' && a.entry.responseId === b.entry.responseId) return true;
  const isParent = a.parentSpanId === b.entry.spanId || b.parentSpanId === a.entry.spanId;
  return isParent && (sameInput(a.entry, b.entry) || usesCache(a.entry) || usesCache(b.entry));
}

function sameInput(a: Entry, b: Entry): boolean {
  return inputTokens(a.counts) === inputTokens(b.counts);
}

function usesCache({ counts }: Entry): boolean {
  return Object.keys(counts).some((unit) => unit.startsWith('cache_'));
}

/** Of two emitters, as far as is known. */
function isOther(a: Teller, b: Teller): boolean {
  return a.scope === undefined || b.scope === undefined ? a.entry.dialect !== b.entry.dialect : a.scope !== b.scope;
}

function isAlike({ entry: a }: Teller, { entry: b }: Teller): boolean {
  return sameInput(a, b) && isWithin(a, b) && sameModel(a.sentModel, b.sentModel);
}

function isWithin(a: Entry, b: Entry): boolean {
  const [outer, inner] = a.durationUs < b.durationUs ? [b, a] : [a, b];
  const end = ({ startUs, durationUs }: Entry): number => startUs + durationUs;
  return inner.startUs >= outer.startUs - TOLERANCE_US && end(inner) <= end(outer) + TOLERANCE_US;
}

/** One may have the name that was asked for, and the other that of the snapshot that answered. */
function sameModel(a: string, b: string): boolean {
  const [left, right] = [a, b].map((name) => name.slice(name.lastIndexOf('/') + 1).toLowerCase()) as [string, string];
  return left.startsWith(right) || right.startsWith(left);
}
