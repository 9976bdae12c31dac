import { expect, it, onTestFinished } from 'vitest';
import { parseUsd } from '../../../pricing/money.ts';
import { expectedRevenue, monthsOf } from '../../../processor/budgets/expected-revenue.ts';
import { createBudgets, type Budgets } from '../../../processor/budgets/index.ts';
import { calendar } from '../../../processor/budgets/period.ts';
import type { Entry } from '../../../processor/ledger.ts';
import type { MonthlyRevenue } from '../../../processor/revenue.ts';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { openSqliteRevenue } from '../../../processor/stores/sqlite/revenue.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';
import { temporaryFolder } from '../../support/ledger.ts';
import { memoryLog, rulesOf, startReceiver, webhookTo } from './support.ts';

const DAY = 86_400_000_000;
const sum = (customerId: string, month: string, usd: string): MonthlyRevenue => ({
  customerId,
  month,
  amount: parseUsd(usd),
});

it('what is expected of a month is what is known of it, else of the last of three before', () => {
  const of = expectedRevenue(
    [
      sum('acme', '2026-10', '90'),
      sum('acme', '2026-11', '100'),
      sum('bolt', '2026-08', '7'),
      sum('coil', '2026-07', '5'),
    ],
    ['2026-11'],
  );
  expect(['acme', 'bolt', 'coil', 'dune', undefined].map((customer) => of(customer))).toEqual([
    parseUsd('100'),
    parseUsd('7'),
    undefined,
    undefined,
    parseUsd('107'),
  ]);
  const quarter = expectedRevenue(
    [sum('acme', '2026-10', '90'), sum('acme', '2026-11', '100')],
    ['2026-10', '2026-11', '2026-12'],
  );
  expect(quarter('acme')).toBe(parseUsd('290'));
});

it.each([
  ['month', undefined, ['2026-11']],
  ['month', 15, ['2026-11']],
  ['month', 20, ['2026-11']],
  ['quarter', undefined, ['2026-10', '2026-11', '2026-12']],
] as const)('a %s from the %s is of the months %j', (kind, anchor, months) => {
  for (const zone of ['UTC', 'Pacific/Kiritimati', 'America/Los_Angeles'])
    expect(monthsOf(calendar(kind, zone, anchor)(NOVEMBER + 14.5 * DAY + (anchor ?? 0) * DAY * 0.3)).length).toBe(
      months.length,
    );
  expect(monthsOf(calendar(kind, 'America/Los_Angeles')(NOVEMBER + 14 * DAY))).toEqual(months);
});

interface Scene {
  readonly take: (...entries: readonly Entry[]) => Promise<void>;
  readonly pay: (...rows: readonly MonthlyRevenue[]) => Promise<void>;
  readonly pass: (us: number) => Promise<void>;
  readonly budgets: Budgets;
  readonly told: () => string[];
  readonly warnings: () => string[];
}

async function scene(rule: string): Promise<Scene> {
  const path = `${temporaryFolder()}/ledger.db`;
  const [ledger, receiver, log] = [await openSqliteLedger({ path }), await startReceiver(), memoryLog()];
  const revenue = openSqliteRevenue(path);
  let now = NOVEMBER + 10 * DAY;
  const notify = webhookTo(receiver.url);
  const budgets = createBudgets({ rules: rulesOf(rule), notify, ledger, log, revenue, now: () => now });
  await budgets.start();
  onTestFinished(async () => {
    await budgets.stop();
    await revenue.close();
    await receiver.stop();
    await ledger.close();
  });
  const pass = async (us: number): Promise<void> => {
    now += us;
    await budgets.tick();
    await budgets.settled();
  };
  return {
    async take(...entries) {
      budgets.observe(await ledger.append(entries));
      await budgets.settled();
    },
    async pay(...rows) {
      await revenue.put(
        rows.map(({ customerId, month, amount }) => ({ customerId, month, amount, id: '' })),
        now,
      );
      await pass(60_000_000);
    },
    pass,
    budgets,
    told: () =>
      receiver.alerts.map(
        ({ labels, status, annotations }) =>
          `${labels['basis']} ${labels['threshold']} ${status} ${annotations['revenue'] ?? ''} ${annotations['margin'] ?? ''}`,
      ),
    warnings: () => log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
  };
}

const spend = (n: number, usd: number, customer = 'acme'): Entry =>
  makeEntry(n, { dimensions: { customer_id: customer, feature: 'chat' }, counts: { input: usd * 400_000 } });

// S95: at 50 % and 80 % of the expected margin, before a customer turns unprofitable.
it('a margin is told as a share of what a customer pays, once somebody knows that', async () => {
  const { take, pay, pass, told, budgets, warnings } = await scene(
    'budget: margin, by: [customer_id], amount: { revenue_percent: 30 }, period: month, preset: margin-50-80, thresholds: [{ at: 100%, severity: page }]',
  );
  expect(warnings()).toEqual(['these budgets need revenue, and none is known: spanledger revenue import FILE.csv']);
  await take(spend(1, 20));
  expect(budgets.states()).toMatchObject([{ amount: null, ratio: null, state: 'ok', spent: '20' }]);
  expect(told()).toEqual([]);
  await pay(sum('acme', '2026-10', '100'), sum('bolt', '2026-11', '1'));
  expect(told()).toEqual(['margin 50% firing 100 USD 80%']);
  expect(budgets.states()).toMatchObject([{ amount: '30', state: 'alerting' }]);
  await take(spend(2, 5), spend(3, 1, 'bolt'));
  expect(told().slice(1)).toEqual([
    'margin 80% firing 100 USD 75%',
    'margin 50% firing 1 USD 0%',
    'margin 80% firing 1 USD 0%',
    'actual 100% firing 1 USD 0%',
  ]);
  // The invoice of November is known now, and larger.
  await pay(sum('acme', '2026-11', '200'));
  expect(told().slice(5).toSorted()).toEqual(['margin 50% resolved 100 USD 80%', 'margin 80% resolved 100 USD 75%']);
  await pass(30 * DAY);
  expect(budgets.states()).toEqual([]);
});

it('all revenue together, with an amount in USD beside it', async () => {
  const { take, pay, told } = await scene(
    'budget: all, amount: 50 USD, period: month, thresholds: [{ at: 90%, severity: info }, { margin: 80%, severity: critical }]',
  );
  await pay(sum('acme', '2026-11', '20'), sum('bolt', '2026-10', '30'));
  await take(spend(1, 30), spend(2, 10, 'bolt'));
  expect(told()).toEqual(['margin 80% firing 50 USD 20%']);
});
