/** More alerts than wait for one receiver. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createBudgets } from '../../processor/budgets/index.ts';
import { readBudgets } from '../../processor/budgets/read.ts';
import { openSqliteLedger } from '../../processor/stores/sqlite.ts';
import { memoryLog, startReceiver, type Receiver } from '../processor/budgets/support.ts';
import { makeEntry, NOVEMBER } from '../support/entries.ts';

const told = (receiver: Receiver): string[] =>
  receiver.alerts.map(({ labels }) => `${labels['customer_id']} ${labels['threshold']}`);

test('a receiver that is away with a thousand alerts waiting keeps none of them from another, and gets all in the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
  const [ledger, ops, pager] = [
    await openSqliteLedger({ path: join(folder, 'ledger.db') }),
    await startReceiver(),
    await startReceiver(),
  ];
  writeFileSync(
    join(folder, 'budgets.yaml'),
    `groups: [{ name: test, rules: [{ budget: per-customer, by: [customer_id], amount: 0.02 USD, period: month,
      thresholds: [{ at: 70%, severity: warning }] }] }]
notify:
  route: { receiver: ops, routes: [{ receiver: ops, continue: true }, { receiver: pager }] }
  receivers:
    - { name: ops, webhook_configs: [{ url: '${ops.url.href}' }] }
    - { name: pager, webhook_configs: [{ url: '${pager.url.href}' }] }
`,
  );
  const budgets = createBudgets({
    ...readBudgets(join(folder, 'budgets.yaml')),
    ledger,
    log: memoryLog(),
    now: () => NOVEMBER + 86_400_000_000,
    firstPauseMs: 5,
  });
  await budgets.start();
  onTestFinished(async () => {
    await budgets.stop();
    await ops.stop();
    await pager.stop();
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });
  pager.answer('hang');
  // Of $0.016 each.
  const calls = Array.from({ length: 1200 }, (_, n) =>
    makeEntry(n, { dimensions: { customer_id: `customer-${n}` }, counts: { input: 5600, output: 200 } }),
  );
  for (const part of [calls.slice(0, 600), calls.slice(600)]) {
    budgets.observe(await ledger.append(part));
    await vi.waitFor(() => expect(new Set(told(ops)).size % 600).toBe(0), 30_000);
  }
  await vi.waitFor(() => expect(told(ops)).toHaveLength(1200), 30_000);
  pager.cut();
  await budgets.settled();
  await budgets.tick();
  await vi.waitFor(() => expect(new Set(told(pager)).size).toBe(1200), 30_000);
  await budgets.settled();
  expect(await ledger.undelivered()).toEqual([]);
});
