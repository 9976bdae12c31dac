import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { USD } from '../../../pricing/money.ts';
import { bookOf, type Book } from '../../../processor/budgets/book.ts';
import type { Entry } from '../../../processor/ledger.ts';
import { makeEntry, NOVEMBER, unpriced, type EntryOptions } from '../../support/entries.ts';
import { temporaryLedger } from '../../support/ledger.ts';
import { rulesOf } from './support.ts';

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
const now = NOVEMBER + 24 * 24 * HOUR + 30 * MINUTE;

function book(rule: string): Book {
  const [first] = rulesOf(`budget: a, ${rule}`);
  if (first === undefined) throw new Error('no rule');
  return bookOf(first);
}
const daily = 'by: [customer_id], amount: 1 USD, period: rolling 24h, preset: 80-120';

/** By key: what is in the window, what was in the one before (in mills), and calls without a price. */
const sums = (of: Book, at = now): Record<string, string> =>
  Object.fromEntries(
    [...of.accounts(at)].map(({ key, spent, before, unpricedCalls }) => [
      key,
      `${spent / (USD / 1000n)} ${before / (USD / 1000n)} ${unpricedCalls}`,
    ]),
  );

/** Without keys of which everything was taken back. */
const spentIn = (of: Book, at: number): [string, string][] =>
  Object.entries(sums(of, at)).filter(([, text]) => text !== '0 0 0');

/** One call of $0.004. */
const call = (n: number, ago: number, options: EntryOptions = {}): Entry =>
  makeEntry(n, { startUs: now - ago, ...options, dimensions: { customer_id: 'acme', ...options.dimensions } });

describe('a window that rolls', () => {
  it('holds the running step and those before it, and moves on', () => {
    const rolling = book(daily);
    for (const [n, ago] of [0, 10 * MINUTE, 23 * HOUR, 24 * HOUR, -10 * MINUTE, -HOUR].entries())
      rolling.add(call(n, ago), now);
    rolling.add(call(9, HOUR, { charge: unpriced('acme-13b') }), now);
    // The one of 24 hours ago began before the window of the running hour and 23 more; an hour ahead is not yet.
    expect(sums(rolling)).toEqual({ acme: '16 0 1' });
    expect(sums(rolling, now + HOUR)).toEqual({ acme: '16 0 1' });
    expect(sums(rolling, now + 23 * HOUR)).toEqual({ acme: '16 0 0' });
    expect(sums(rolling, now + 24 * HOUR)).toEqual({ acme: '4 0 0' });
    expect(sums(rolling, now + 26 * HOUR)).toEqual({});
    expect(rolling.add(call(10, 0), now + 26 * HOUR)).toBeUndefined();
  });

  it('keeps as many keys as it may, and takes the override of any call within it', () => {
    const rolling = book(`${daily}, max_keys: 2, overrides: [{ match: ['plan="pro"'], amount: 40 USD }]`);
    rolling.add(call(1, 0, { dimensions: { plan: 'free' } }), now);
    const pro = rolling.add(call(2, 5 * HOUR, { dimensions: { plan: 'pro' } }), now);
    expect(pro?.terms.amount.value).toBe(40n * USD);
    rolling.add(call(3, 0, { dimensions: { customer_id: 'bolt' } }), now);
    expect(rolling.add(call(4, 0, { dimensions: { customer_id: 'coil' } }), now)?.shared).toBe(true);
    expect(rolling.add(call(5, 0, { dimensions: { customer_id: 'dune' } }), now)?.spent).toBe(USD / 125n);
    expect([...rolling.accounts(now + 20 * HOUR)].find(({ key }) => key === 'acme')?.terms.amount.value).toBe(1n * USD);
  });

  it('is what the ledger holds, however calls arrive, are corrected, and whenever it starts', async () => {
    const entries = fc.array(
      fc.record({ n: fc.nat(200), ago: fc.integer({ min: -2 * HOUR, max: 60 * HOUR }), back: fc.boolean() }),
      { maxLength: 30 },
    );
    const trend = `by: [customer_id], growth: { over: 24h, compare: 24h, above: 100%, floor: 0.01 USD }, thresholds: [{ severity: info }]`;
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 0, max: 40 * HOUR }), async (all, later) => {
        const ledger = await temporaryLedger();
        const books = [daily, trend].map(book);
        for (const each of books) await each.seed(ledger, now);
        const take = (entry: Entry): void => books.forEach((each) => each.add(entry, now));
        const answers = await ledger.append(all.map(({ n, ago }) => call(n, ago)));
        for (const { entry, inserted } of answers) if (inserted) take(entry);
        for (const { entry } of answers.filter((_, index) => all[index]?.back)) {
          const [adjusted] = await ledger.adjust([{ of: entry, replacement: undefined, id: 'late' }]);
          for (const revision of adjusted?.revisions ?? []) if (revision.inserted) take(revision.entry);
        }
        for (const kept of books) {
          const again = bookOf(kept.rule);
          await again.seed(ledger, now + later);
          expect(spentIn(kept, now + later)).toEqual(spentIn(again, now + later));
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('a trend', () => {
  const growth = (more: string): Book => book(`by: [feature], ${more}, thresholds: [{ severity: warning }]`);
  const on = (n: number, daysAgo: number, cents: number): Entry =>
    makeEntry(n, {
      startUs: now - daysAgo * 24 * HOUR,
      dimensions: { feature: 'chat' },
      counts: { input: cents * 4000 },
    });

  it('lets a feature spend so much more than in the window before, and not less than the floor', () => {
    const book = growth('growth: { over: 7d, compare: 14d, above: 300%, floor: 0.10 USD }');
    book.add(on(1, 10, 20), now);
    const account = book.add(on(2, 15, 20), now);
    // 40 cents in 14 days are 20 in 7: four times as much.
    expect(account?.terms.amount.value).toBe((80n * USD) / 100n);
    expect(book.add(on(3, 1, 50), now)?.spent).toBe(USD / 2n);
    // Two weeks later that is what it grows from.
    const later = now + 15 * 24 * HOUR;
    expect([...book.accounts(later)].map(({ terms }) => terms.amount.value)).toEqual([USD]);
  });

  it('has nothing to say of a feature that is new; a spike has', () => {
    const grown = growth('growth: { over: 7d, above: 300%, floor: 0.10 USD }').add(on(1, 0, 50), now);
    expect(grown?.terms.limits).toEqual([]);
    const spiked = growth('spike: { over: 1h, compare: 6h, above: 300%, floor: 0.10 USD }').add(on(1, 0, 50), now);
    expect(spiked?.terms.limits.map(({ value }) => value)).toEqual([USD / 10n]);
  });
});
