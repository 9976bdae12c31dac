import type { Charge } from '../pricing/charge.ts';
import type { FemtoUsd } from '../pricing/money.ts';
import { signOf, type Appended, type Entry, type EntryKey, type EntryQuery, type Ledger } from './ledger.ts';
import type { Prices } from './stages/entry.ts';

/** Entries read, and calls corrected, at a time. */
const PAGE = 1_000;

/** A call whose charge by today's prices is another one. */
export interface Repriced {
  readonly entry: Entry;
  readonly replacement: Entry;
}

export type RepriceQuery = Pick<EntryQuery, 'where' | 'from' | 'to'>;

/**
 * Calls whose charge differs by the prices given, a page at a time, the newest first. Left as they are: what the provider
 * itself said, calls without usable counts, and what these prices know no figure for.
 *
 * @example for await (const page of repriced(ledger, openPrices(config), query)) console.log(page.length);
 */
export async function* repriced(
  ledger: Pick<Ledger, 'entries'>,
  prices: Prices,
  query: RepriceQuery,
): AsyncGenerator<readonly Repriced[]> {
  let last: Entry | undefined;
  for (;;) {
    const page = await ledger.entries({ ...query, after: last, limit: PAGE });
    const found: Repriced[] = [];
    for (const entry of page) {
      // The newest revision of a call comes first; older ones are history.
      const older = last !== undefined && sameCall(entry, last);
      last = entry;
      const replacement = older || signOf(entry) === -1 ? undefined : replacementFor(entry, prices);
      if (replacement !== undefined) found.push({ entry, replacement });
    }
    if (found.length > 0) yield found;
    if (page.length < PAGE) return;
  }
}

/**
 * Corrects what `repriced` finds. Stopped halfway and begun again it goes on: what was corrected has no difference any more.
 *
 * @param observe told of the revisions that were written
 * @returns how many calls were corrected, and how many had another correction meanwhile
 */
export async function reprice(
  ledger: Pick<Ledger, 'entries' | 'adjust'>,
  prices: Prices,
  query: RepriceQuery,
  id: string,
  observe: (written: readonly Appended[]) => void = () => undefined,
): Promise<{ readonly adjusted: number; readonly outdated: number }> {
  let [adjusted, outdated] = [0, 0];
  for await (const page of repriced(ledger, prices, query)) {
    const answers = await ledger.adjust(page.map(({ entry, replacement }) => ({ of: entry, replacement, id })));
    for (const { status, revisions } of answers) {
      if (status === 'adjusted') adjusted++;
      else if (status === 'outdated') outdated++;
      observe(revisions);
    }
  }
  return { adjusted, outdated };
}

/** Differences summed: before and after, by what was charged before. Unpriced calls have no figure before. */
export interface DifferenceRow {
  readonly provider: string;
  readonly model: string;
  readonly unpriced: boolean;
  calls: number;
  before: FemtoUsd;
  after: FemtoUsd;
}

/** The table that is shown before anything is written; the largest difference first. */
export async function differences(pages: AsyncIterable<readonly Repriced[]>): Promise<readonly DifferenceRow[]> {
  const rows = new Map<string, DifferenceRow>();
  for await (const page of pages)
    for (const { entry, replacement } of page) {
      const { provider, model, status } = entry.dimensions;
      const key = JSON.stringify([provider, model, status]);
      const row = rows.get(key) ?? {
        provider,
        model,
        unpriced: status === 'unpriced',
        calls: 0,
        before: 0n,
        after: 0n,
      };
      rows.set(key, row);
      row.calls += 1;
      row.before += amountOf(entry.charge);
      row.after += amountOf(replacement.charge);
    }
  const size = ({ before, after }: DifferenceRow): bigint => (after > before ? after - before : before - after);
  return [...rows.values()].toSorted((a, b) => (size(a) < size(b) ? 1 : size(a) > size(b) ? -1 : 0));
}

function replacementFor(entry: Entry, prices: Prices): Entry | undefined {
  const before = entry.charge;
  if (before.status === 'priced' ? before.source === 'provider' : withoutUsage.has(before.reason)) return undefined;
  const { sentProvider, sentModel, region, dimensions } = entry;
  const charge = prices.price({
    provider: (sentModel === '' ? dimensions.provider : sentProvider) || undefined,
    model: sentModel === '' ? dimensions.model : sentModel,
    at: entry.startUs,
    tier: dimensions.tier as Parameters<Prices['price']>[0]['tier'],
    region: region === '' ? undefined : region,
    usage: { status: 'known', counts: entry.counts, basis: entry.basis },
  });
  if (charge.status === 'unpriced') return undefined;
  const renamed = charge.provider !== dimensions.provider || charge.model !== dimensions.model;
  if (!renamed && sameFigures(before, charge)) return undefined;
  const names = { provider: charge.provider, model: charge.model, status: charge.status };
  return { ...entry, charge, dimensions: { ...dimensions, ...names } };
}

const withoutUsage: ReadonlySet<string> = new Set(['missing_usage', 'invalid_usage']);

/** The same card in a newer version of the book is no correction. */
function sameFigures(before: Charge, after: Charge): boolean {
  if (before.status === 'unpriced' || after.status === 'unpriced') return false;
  if (before.amount !== after.amount || before.source !== after.source) return false;
  if (before.lines.length !== after.lines.length) return false;
  const rates = new Map(before.lines.map(({ unit, rate }) => [unit, rate]));
  return after.lines.every(({ unit, rate }) => rates.get(unit) === rate);
}

function amountOf(charge: Charge): FemtoUsd {
  return charge.status === 'priced' ? charge.amount : 0n;
}

function sameCall(a: EntryKey, b: EntryKey): boolean {
  return a.startUs === b.startUs && a.traceId === b.traceId && a.spanId === b.spanId;
}
