import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createBudgets, type Budgets } from '../../processor/budgets/index.ts';
import type { Ledger } from '../../processor/ledger.ts';
import { openSqliteLedger } from '../../processor/stores/sqlite.ts';
import { everythingTo } from '../../processor/budgets/notify/route.ts';
import { fingerprint as fingerprintOf } from '../../processor/budgets/notify/webhook-body.ts';
import { memoryLog, rulesOf, startReceiver, type Receiver } from '../processor/budgets/support.ts';
import { makeEntry } from '../support/entries.ts';
import { alertmanagerBinary, startAlertmanager, type Alertmanager } from './support/alertmanager.ts';

const binary = alertmanagerBinary();
if (binary === undefined) process.stderr.write('SKIPPED: no Alertmanager on this machine to deliver to for real\n');

/** Of $0.004. */
const call = (n: number): ReturnType<typeof makeEntry> =>
  makeEntry(n, { startUs: Date.now() * 1000, dimensions: { customer_id: 'acme', feature: 'chat' } });

const rule = (amount: string): string =>
  `budget: per-customer, by: [customer_id], amount: ${amount}, period: year, preset: 70-90-110`;

describe.skipIf(binary === undefined)('a real Alertmanager', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
  let [ledger, receiver, alertmanager]: [Ledger?, Receiver?, Alertmanager?] = [];

  beforeAll(async () => {
    ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
    receiver = await startReceiver();
    alertmanager = await startAlertmanager(binary ?? '', receiver.url);
  });

  afterAll(async () => {
    await alertmanager?.stop();
    await receiver?.stop();
    await ledger?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('holds our alerts, groups and silences them, counts doubles once, and resolves them', async () => {
    if (ledger === undefined || receiver === undefined || alertmanager === undefined) throw new Error('not started');
    const [am, hook, store] = [alertmanager, receiver, ledger];
    const start = async (amount: string): Promise<Budgets> => {
      const notify = everythingTo({ kind: 'alertmanager', place: 'alertmanager', url: am.url });
      const log = memoryLog();
      const budgets = createBudgets({
        rules: rulesOf(rule(amount)),
        notify,
        ledger: store,
        log,
        externalUrl: 'http://localhost:9464',
      });
      await budgets.start();
      return budgets;
    };
    const thresholds = async (): Promise<string[]> =>
      (await am.alerts()).map(({ labels }) => labels['threshold'] ?? '').toSorted();

    const first = await start('0.02 USD');
    first.observe(await store.append([1, 2, 3, 4, 5].map(call)));
    await first.settled();
    const held = await am.alerts();
    expect(held.map(({ labels }) => labels)).toEqual(
      expect.arrayContaining([
        {
          alertname: 'BudgetThreshold',
          budget: 'per-customer',
          customer_id: 'acme',
          threshold: '70%',
          basis: 'actual',
          severity: 'warning',
          period: 'year',
        },
      ]),
    );
    expect(await thresholds()).toEqual(['70%', '90%']);
    expect(held[0]?.annotations['top_features']).toMatch(/^chat \$0\.0/);

    // What docs/budgets.md shows is what it holds.
    const docs = readFileSync(new URL('../../docs/budgets.md', import.meta.url), 'utf8');
    const shown = docs.split('\n').filter((line) => line.startsWith('BudgetThreshold '));
    const ofAnyYear = (text = ''): string => text.replace(/\d{4}-01-01T/, 'YEAR-01-01T');
    expect(shown.map((line) => ofAnyYear(/UTC  (.*)  active$/.exec(line)?.[1])).toSorted()).toEqual(
      held.map(({ annotations }) => ofAnyYear(annotations['summary'])).toSorted(),
    );

    // Its own webhook to us is of the very shape that we post, fingerprints included.
    await vi.waitFor(() => expect(hook.alerts).toHaveLength(2), 10_000);
    expect(hook.posts[0]?.body.version).toBe('4');
    expect(hook.posts[0]?.body.groupLabels).toEqual({ budget: 'per-customer' });
    expect(hook.alerts.map(({ fingerprint }) => fingerprint).toSorted()).toEqual(
      hook.alerts.map(({ labels }) => fingerprintOf(labels)).toSorted(),
    );

    // Two processors after a restart tell the same again: still two alerts.
    await first.stop();
    const [second, third] = [await start('0.02 USD'), await start('0.02 USD')];
    await Promise.all([second.settled(), third.settled()]);
    expect(await thresholds()).toEqual(['70%', '90%']);

    const [from, to] = [new Date(), new Date(Date.now() + 60_000)].map((at) => at.toISOString());
    const matchers = [{ name: 'threshold', value: '70%', isRegex: false, isEqual: true }];
    await am.api('/api/v2/silences', { matchers, startsAt: from, endsAt: to, createdBy: 'test', comment: 'known' });
    await vi.waitFor(async () => {
      const states = (await am.alerts()).map(({ labels, status }) => `${labels['threshold']} ${status.state}`);
      expect(states.toSorted()).toEqual(['70% suppressed', '90% active']);
    }, 10_000);
    await second.stop();
    await third.stop();

    // Raised: 0.02 of 0.025 is 80 %.
    const raised = await start('0.025 USD');
    await raised.settled();
    await vi.waitFor(async () => expect(await thresholds()).toEqual(['70%']), 10_000);
    await vi.waitFor(() => expect(hook.alerts.some(({ status }) => status === 'resolved')).toBe(true), 10_000);
    await raised.stop();
  });
});
