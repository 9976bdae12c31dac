import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseUsd, USD } from '../../../pricing/money.ts';
import { accountLabels, accountMatchers, crossingKey, type Account } from '../../../processor/budgets/account.ts';
import { calendar } from '../../../processor/budgets/period.ts';
import { bookOf } from '../../../processor/budgets/book.ts';
import { Tracker } from '../../../processor/budgets/tracker.ts';
import type { Entry, Ledger } from '../../../processor/ledger.ts';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { gpt4o, makeEntry, NOVEMBER, unpriced, type EntryOptions } from '../../support/entries.ts';
import { rulesOf } from './support.ts';

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
const now = NOVEMBER + 24 * DAY + HOUR;
const thresholds = 'thresholds: [{ at: 70%, severity: warning }]';

function track(rule: string): Tracker {
  const [first] = rulesOf(`budget: a, ${rule}, ${thresholds}`);
  if (first === undefined) throw new Error('no rule');
  return new Tracker(first);
}

const sums = (tracker: Tracker, at = now): Record<string, string> =>
  Object.fromEntries(
    [...tracker.accounts(at)].map((account) => {
      const labels = Object.values(accountLabels(account)).join('/');
      return [labels, `${account.spent / (USD / 1000n)} ${account.unpricedCalls}`];
    }),
  );

/** One call of $0.004. */
const call = (n: number, customer: string, options: EntryOptions = {}): Entry =>
  makeEntry(n, { startUs: now - HOUR, ...options, dimensions: { customer_id: customer, ...options.dimensions } });

describe('a tracker', () => {
  it('sums by key and period, in the period of the span', () => {
    const tracker = track('by: [customer_id], amount: 5 USD, period: day');
    const today = calendar('day', 'UTC')(now);
    tracker.add(call(1, 'acme'), now);
    tracker.add(call(2, 'acme'), now);
    tracker.add(call(3, 'bolt', { charge: unpriced('acme-13b') }), now);
    tracker.add(call(4, ''), now);
    expect(sums(tracker)).toEqual({ acme: '8 0', bolt: '0 1', '': '4 0' });
    // Tomorrow by a clock ahead: counted there. Yesterday: nobody watched it, the ledger has it.
    expect(tracker.add(call(5, 'acme', { startUs: today.endUs }), now)?.period.startUs).toBe(today.endUs);
    expect(tracker.add(call(6, 'acme', { startUs: today.startUs - 1 }), now)).toBeUndefined();
    expect(tracker.add(call(7, 'acme', { startUs: now + 400 * DAY }), now)).toBeUndefined();
    expect(sums(tracker)).toEqual({ acme: '8 0', bolt: '0 1', '': '4 0' });
    expect(sums(tracker, today.endUs)).toEqual({ acme: '4 0' });
    // Two minutes later it is tomorrow: late spans still go to the day that they belong to, for two days.
    tracker.forget(today.endUs + 47 * HOUR);
    expect(tracker.add(call(8, 'acme'), today.endUs + 47 * HOUR)?.spent).toBe(parseUsd('0.012'));
    tracker.forget(today.endUs + 49 * HOUR);
    expect(tracker.add(call(9, 'acme'), today.endUs + 49 * HOUR)).toBeUndefined();
  });

  it('follows a correction: a late price takes the call from those without', () => {
    const tracker = track('amount: 5 USD, period: month');
    tracker.add(call(1, 'acme', { charge: unpriced('acme-13b') }), now);
    tracker.add(call(2, 'acme', { charge: unpriced('acme-13b') }), now);
    tracker.add(call(1, 'acme', { rev: 1, charge: unpriced('acme-13b') }), now);
    tracker.add(call(1, 'acme', { rev: 2 }), now);
    expect(sums(tracker)).toEqual({ '': '4 1' });
  });

  it('takes only what matches', () => {
    const tracker = track(`match: ['plan=~"pro|enterprise"', 'feature!="search"'], amount: 5 USD, period: month`);
    tracker.add(call(1, 'a', { dimensions: { plan: 'pro' } }), now);
    tracker.add(call(2, 'a', { dimensions: { plan: 'pro', feature: 'search' } }), now);
    tracker.add(call(3, 'a', { dimensions: { plan: 'professional' } }), now);
    expect(sums(tracker)).toEqual({ '': '4 0' });
  });

  it('gives a key the first override that matches any of its calls', () => {
    const overrides = `overrides: [{ match: ['plan="enterprise"'], amount: 400 USD }, { match: ['plan="pro"'], amount: 40 USD }]`;
    const plans = ['', 'pro', 'enterprise', 'pro', 'free'];
    const amounts = plans.map((_, count) => {
      const tracker = track(`by: [customer_id], amount: 5 USD, period: month, ${overrides}`);
      plans.slice(0, count + 1).forEach((plan, n) => tracker.add(call(n, 'acme', { dimensions: { plan } }), now));
      return [...tracker.accounts(now)].map(({ terms }) => terms.amount.value / USD);
    });
    expect(amounts).toEqual([[5n], [40n], [400n], [400n], [400n]]);
  });

  it('keeps max_keys apart, the rest together', () => {
    const tracker = track('by: [customer_id, feature], amount: 5 USD, period: month, max_keys: 2');
    for (const [n, name] of ['a', 'b', 'c', 'd', 'a', 'other'].entries()) tracker.add(call(n, name), now);
    expect(sums(tracker)).toEqual({ 'a/': '8 0', 'b/': '4 0', 'other/other': '12 0' });
    const [, , shared] = [...tracker.accounts(now)] as [Account, Account, Account];
    expect(crossingKey(shared, '70%')).toBe('a|other|month 2026-11-01T00:00:00.000Z|70%');
    expect(accountMatchers(shared)).toEqual([]);
  });
});

it('crossing keys depend neither on the order of labels nor on what values hold', () => {
  const [left, right] = ['customer_id, feature', 'feature, customer_id'].map((by) => {
    const account = track(`by: [${by}], amount: 5 USD, period: day`).add(
      call(1, 'a|"b', { dimensions: { feature: 'f' } }),
      now,
    );
    return account && crossingKey(account, '70%');
  });
  expect(left).toBe('a|{"customer_id":"a|\\"b","feature":"f"}|day 2026-11-25T00:00:00.000Z|70%');
  expect(right).toBe(left);
});

describe('a tracker on a real ledger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
  let count = 0;
  const open = (): Promise<Ledger> => openSqliteLedger({ path: join(folder, `${count++}.db`) });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const rules = [
    `by: [customer_id], amount: 5 USD, period: month, timezone: Asia/Kolkata`,
    `by: [feature, plan], match: ['plan!~"free|"'], amount: 5 USD, period: day, timezone: America/New_York`,
    `by: [customer_id], amount: 5 USD, period: hour, overrides: [{ match: ['plan="pro"'], amount: 9 USD }]`,
    `match: ['feature=~"s.*"'], amount: 5 USD, period: week`,
    `amount: 5 USD, period: year`,
  ];

  const entry = fc
    .record({
      n: fc.nat(40),
      customer: fc.constantFrom('acme', 'bolt', ''),
      feature: fc.constantFrom('search', 'summarizer'),
      plan: fc.constantFrom('pro', 'free', ''),
      // Around the running hour, day and month, and ahead of them.
      startUs: fc.integer({ min: now - 27 * DAY, max: now + 3 * DAY }),
      input: fc.nat(5000),
      priced: fc.boolean(),
    })
    .map(({ n, customer, feature, plan, startUs, input, priced }) =>
      makeEntry(n, {
        startUs,
        counts: { input: input + 1 },
        dimensions: { customer_id: customer, feature, plan },
        ...(priced ? {} : { charge: unpriced('acme-13b') }),
      }),
    );
  const batches = fc.array(fc.array(entry, { maxLength: 8 }), { maxLength: 8 });

  it('equals the ledger at any time: any order, batches, resends, restarts, corrections', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.nat(8), async (history, restartAt) => {
        const ledger = await open();
        try {
          let trackers = rules.map(track);
          for (const tracker of trackers) await tracker.seed(ledger, now);
          // The last batch again: a resend.
          for (const [index, batch] of [...history, history.at(-1) ?? []].entries()) {
            for (const { entry: each, inserted } of await ledger.append(batch))
              if (inserted) for (const tracker of trackers) tracker.add(each, now);
            if (index !== restartAt) continue;
            trackers = rules.map(track);
            for (const tracker of trackers) await tracker.seed(ledger, now);
          }
          // Corrections of the last calls: one taken back, one replaced.
          for (const [index, original] of (history.at(-1) ?? []).slice(0, 2).entries()) {
            const replacement =
              index === 0 ? undefined : makeEntry(99, { ...original, counts: { input: 9 }, rates: gpt4o });
            const adjusted = await ledger.adjust([{ of: original, replacement, id: `correction-${index}` }]);
            for (const { entry: each, inserted } of adjusted.flatMap(({ revisions }) => revisions))
              if (inserted) for (const tracker of trackers) tracker.add(each, now);
          }
          for (const tracker of trackers) await expectEqual(tracker, ledger);
        } finally {
          await ledger.close();
        }
      }),
      { numRuns: 8 },
    );
  });

  async function expectEqual(tracker: Tracker, ledger: Ledger): Promise<void> {
    const { rule } = tracker;
    for (const at of [now, now + DAY, now + 2 * DAY]) {
      const { startUs: from, endUs: to } = tracker.periodAt(at);
      if (from > now + 2 * DAY) continue;
      const rows = await ledger.costs({ by: rule.by, where: rule.match, from, to, timezone: rule.timezone });
      const expected = rows.map(({ values, cost, unpricedCalls }) => [
        rule.by.map((name) => values[name]),
        cost,
        unpricedCalls,
      ]);
      // Of a key all of whose calls were taken back, one knows and the other does not; both say that nothing was spent.
      const spending = (which: Tracker): readonly Account[] =>
        [...which.accounts(at)].filter(({ spent, unpricedCalls }) => spent !== 0n || unpricedCalls !== 0);
      const sorted = (list: unknown[][]): unknown[][] =>
        list
          .filter(([, spent, unpricedCalls]) => spent !== 0n || unpricedCalls !== 0)
          .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
      const actual = spending(tracker).map(({ values, spent, unpricedCalls }) => [values, spent, unpricedCalls]);
      expect(sorted(actual)).toEqual(sorted(expected));
      const fresh = new Tracker(rule);
      await fresh.seed(ledger, now);
      const amounts = (which: Tracker): unknown[][] =>
        sorted(spending(which).map(({ values, terms, spent }) => [values, spent, terms.amount.value]));
      expect(amounts(fresh)).toEqual(amounts(tracker));
    }
  }

  it.each(['month', 'rolling 24h'])(
    'unpriced: worst-case counts at the dearest rates of the provider: %s',
    async (period) => {
      const worst = (provider: string): { input: bigint; output: bigint } =>
        provider === 'openai' ? { input: USD / 1000n, output: USD / 100n } : { input: USD, output: USD };
      const [rule] = rulesOf(`budget: a, amount: 5 USD, period: ${period}, unpriced: worst-case, ${thresholds}`);
      const [book, fresh] = [rule && bookOf(rule, worst), rule && bookOf(rule, worst)];
      const ledger = await open();
      const counts = { input: 10, output: 2 };
      const unknown = { charge: unpriced('acme-13b'), counts };
      const entries = [
        call(1, 'acme', { ...unknown, dimensions: { provider: 'openai' } }),
        call(2, 'acme', { ...unknown, dimensions: { provider: 'elsewhere' } }),
        call(3, 'acme', { dimensions: { provider: 'openai' } }),
      ];
      await book?.seed(ledger, now);
      for (const { entry } of await ledger.append(entries)) book?.add(entry, now);
      await fresh?.seed(ledger, now);
      const spent = (which: typeof book): bigint[] => [...(which?.accounts(now) ?? [])].map((each) => each.spent);
      // 10 and 2 tokens at a tenth and at one cent, 12 at a dollar, and a call that has a price.
      expect(spent(book)).toEqual([parseUsd('12.034')]);
      expect(spent(fresh)).toEqual(spent(book));
      await ledger.close();
    },
  );

  it('after a restart gives the dearest keys their own account', async () => {
    const ledger = await open();
    const counts = { input: 100_000 };
    await ledger.append([call(1, 'a'), call(2, 'b'), call(3, 'dear', { counts }), call(4, 'c')]);
    const tracker = track('by: [customer_id], amount: 5 USD, period: month, max_keys: 1');
    await tracker.seed(ledger, now);
    expect(sums(tracker)).toEqual({ dear: '250 0', other: '12 0' });
    await ledger.close();
  });
});
