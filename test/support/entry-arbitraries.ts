import * as fc from 'fast-check';
import type { Charge, ChargeLine } from '../../pricing/charge.ts';
import { unitNames, type Unit } from '../../pricing/usage/units.ts';
import { dimensionNames, type Entry } from '../../processor/ledger.ts';
import { makeEntry, NOVEMBER } from './entries.ts';

/** Few values, so that entries share dimensions; odd ones, because tags come from outside. */
const word = fc.constantFrom('', 'acme', 'globex', 'a b,c="d"', 'größe', '1:a', 'other', '\u0000x');
const id = fc.constantFrom('', 'u-1', '6f1c2f6e-98a5-4f43-9b0e-0d7d3c1f2a55');

const counts = fc
  .dictionary(fc.constantFrom(...unitNames), fc.integer({ min: 1, max: 2_000_000 }), { maxKeys: 4 })
  .map((record) => record as Partial<Record<Unit, number>>);

/** Rates with femto-USD in them, so that remainders carry. */
const rate = fc.bigInt({ min: 0n, max: 99_999_999_999_999n });

function priced(
  counts: Readonly<Partial<Record<Unit, number>>>,
  rates: readonly bigint[],
  odd: boolean,
  card: number,
): Charge {
  const lines = Object.entries(counts).map(([unit, quantity], index): ChargeLine => {
    const rate = rates[index] ?? 1n;
    return { unit: unit as Unit, quantity, rate, amount: rate * BigInt(quantity) };
  });
  // What a provider says of the cost, and marginal tiers: lines that are not one a count.
  if (odd) lines.push({ unit: 'request', quantity: 1, rate: 123_456_789n, amount: 123_456_789n });
  return {
    status: 'priced',
    amount: lines.reduce((sum, line) => sum + line.amount, 0n),
    lines: lines.toSorted((a, b) => unitNames.indexOf(a.unit) - unitNames.indexOf(b.unit)),
    source: odd ? 'provider' : 'list',
    priceId: `card-${card}`,
    priceVersion: 'v1',
    provider: 'openai',
    model: `model-${card}`,
  };
}

/** Any entry that a ledger must keep; those of equal `n` are the same call. */
export const anyEntry: fc.Arbitrary<Entry> = fc
  .record({
    n: fc.integer({ min: 0, max: 300 }),
    counts,
    rates: fc.array(rate, { minLength: 4, maxLength: 4 }),
    odd: fc.boolean(),
    card: fc.integer({ min: 1, max: 2 }),
    unpriced: fc.boolean(),
    values: fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant('') }, word), { minLength: 6, maxLength: 6 }),
    texts: fc.array(id, { minLength: 6, maxLength: 6 }),
    attempts: fc.integer({ min: 1, max: 3 }),
    usageState: fc.constantFrom('reported', 'estimated', 'incomplete', 'absent'),
    extra: fc.dictionary(fc.constantFrom('a', 'b c'), word, { maxKeys: 2 }),
    durationUs: fc.integer({ min: 0, max: 60_000_000 }),
  })
  .map(({ n, counts, rates, odd, card, unpriced, values, texts, attempts, usageState, extra, durationUs }) => {
    const [taskId = '', userId = '', sessionId = '', responseId = '', fallbackFrom = '', error = ''] = texts;
    const charge: Charge = unpriced
      ? { status: 'unpriced', reason: 'unknown_model', detail: texts[0] ?? '' }
      : priced(counts, rates, odd, card);
    return makeEntry(n, {
      // Seven minutes and a bit: the same hour for some, another day and zone for others.
      startUs: NOVEMBER + n * 421_000_007,
      counts,
      charge,
      dimensions: Object.fromEntries(dimensionNames.slice(0, 6).map((name, index) => [name, values[index]])),
      taskId,
      userId,
      sessionId,
      responseId,
      fallbackFrom,
      error,
      attempts,
      usageState,
      extra,
      durationUs,
    });
  });

/** What identifies an entry. */
export function keyOf({ startUs, traceId, spanId, rev }: Entry): string {
  return `${startUs}/${traceId}/${spanId}/${rev}`;
}

/** The first of each key: what a ledger keeps of a history. */
export function distinct(entries: readonly Entry[]): Entry[] {
  const first = new Map<string, Entry>();
  for (const entry of entries) if (!first.has(keyOf(entry))) first.set(keyOf(entry), entry);
  return [...first.values()];
}
