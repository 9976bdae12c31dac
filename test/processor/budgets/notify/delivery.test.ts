import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBudgets, type Budgets, type BudgetsOptions } from '../../../../processor/budgets/index.ts';
import { readBudgets } from '../../../../processor/budgets/read.ts';
import type { Entry, Ledger } from '../../../../processor/ledger.ts';
import { openSqliteLedger } from '../../../../processor/stores/sqlite.ts';
import { makeEntry, NOVEMBER } from '../../../support/entries.ts';
import { memoryLog, startReceiver, type Receiver } from '../support.ts';

const HOUR = 3_600_000_000;
let folder: string;
let ledger: Ledger;
let [ops, pager]: Receiver[] = [];
let now: number;
let running: Budgets[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
  [ops, pager] = [await startReceiver(), await startReceiver()];
  now = NOVEMBER + 10 * 24 * HOUR + 12 * HOUR;
  running = [];
});

afterEach(async () => {
  for (const budgets of running) await budgets.stop();
  await ledger.close();
  await ops?.stop();
  await pager?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** As after a start with this section `notify`, of which OPS and PAGER are the receivers' addresses. */
async function start(notify: string, options: Partial<BudgetsOptions> = {}): Promise<Budgets> {
  writeFileSync(
    join(folder, 'budgets.yaml'),
    `groups: [{ name: test, rules: [{ budget: per-customer, by: [customer_id], amount: 0.02 USD, period: month,
      thresholds: [{ at: 70%, severity: warning }, { at: 90%, severity: critical }] }] }]
time_intervals: [{ name: nights, time_intervals: [{ times: [{ start_time: '22:00', end_time: '24:00' }] }] }]
notify:
  receivers:
    - { name: ops, webhook_configs: [{ url: '${ops?.url.href}' }] }
    - { name: pager, webhook_configs: [{ url: '${pager?.url.href}' }] }
${notify}`,
  );
  const budgets = createBudgets({
    ...readBudgets(join(folder, 'budgets.yaml')),
    ledger,
    log: memoryLog(),
    now: () => now,
    firstPauseMs: 5,
    directory: join(folder, 'notices'),
    ...options,
  });
  running.push(budgets);
  await budgets.start();
  return budgets;
}

/** One call of $0.004. */
const call = (n: number, customer = 'acme', input = 800): Entry =>
  makeEntry(n, { dimensions: { customer_id: customer, feature: 'chat' }, counts: { input, output: 200 } });

async function take(budgets: Budgets, ...entries: readonly Entry[]): Promise<void> {
  budgets.observe(await ledger.append(entries));
  await budgets.settled();
}

async function tick(budgets: Budgets): Promise<void> {
  await budgets.tick();
  await budgets.settled();
}

const told = (receiver: Receiver | undefined): string[] =>
  receiver?.alerts.map(({ labels, status }) => `${labels['customer_id']} ${labels['threshold']} ${status}`) ?? [];

describe('routes', () => {
  it('take an alert to the first branch that matches, to further ones with "continue", else to the receiver above', async () => {
    const budgets = await start(`  route: { receiver: ops, routes: [
      { matchers: ['customer_id="acme"', 'severity="critical"'], receiver: pager, continue: true },
      { matchers: ['customer_id="acme"'], receiver: ops }, { receiver: pager, matchers: ['customer_id="bolt"'] }] }`);
    await take(budgets, ...[1, 2, 3, 4, 5].map((n) => call(n)), ...[6, 7, 8, 9].map((n) => call(n, 'bolt')));
    expect(told(ops)).toEqual(['acme 70% firing', 'acme 90% firing']);
    expect(told(pager)).toEqual(['acme 90% firing', 'bolt 70% firing']);
  });

  it('group what waits together by labels, once the first has waited for others', async () => {
    const budgets = await start('  route: { receiver: ops, group_by: [severity], group_wait: 1s }');
    budgets.observe(await ledger.append([1, 2, 3, 4].map((n) => call(n))));
    budgets.observe(await ledger.append([6, 7, 8, 9, 10].map((n) => call(n, 'bolt'))));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(ops?.posts).toEqual([]);
    await vi.waitFor(() => expect(told(ops)).toHaveLength(3), 3000);
    expect(ops?.posts.map(({ body }) => body.alerts.length)).toEqual([2, 1]);
    expect(ops?.posts[0]?.body.commonLabels).toMatchObject({ severity: 'warning' });
  });

  it('do not tell at once of what waits for its group when the processor stops later: it is told then', async () => {
    const budgets = await start('  route: { receiver: ops, group_wait: 1h }');
    budgets.observe(await ledger.append([1, 2, 3, 4].map((n) => call(n))));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(told(ops)).toEqual([]);
    await budgets.stop();
    expect(told(ops)).toEqual(['acme 70% firing']);
    expect(await ledger.undelivered()).toEqual([]);
  });

  it('tell again what still holds, where they say after how long', async () => {
    const budgets = await start('  route: { receiver: ops, repeat_interval: 24h }');
    await take(budgets, call(1), call(2), call(3), call(4));
    await tick(budgets);
    now += 23 * HOUR;
    await tick(budgets);
    expect(told(ops)).toHaveLength(1);
    now += HOUR;
    await tick(budgets);
    await vi.waitFor(() => expect(told(ops)).toEqual(['acme 70% firing', 'acme 70% firing']));
    await tick(budgets);
    expect(told(ops)).toHaveLength(2);
  });
});

describe('what needs not be told', () => {
  const calls = [1, 2, 3, 4].map((n) => call(n));

  it('waits while a route is muted, and is told after that', async () => {
    const budgets = await start('  route: { receiver: ops, mute_time_intervals: [nights] }');
    now += 10.5 * HOUR;
    await take(budgets, ...calls);
    await tick(budgets);
    expect(told(ops)).toEqual([]);
    expect(await ledger.undelivered()).toHaveLength(1);
    now += 2 * HOUR;
    await tick(budgets);
    expect(told(ops)).toEqual(['acme 70% firing']);
  });

  it('is never told, if it was over before that', async () => {
    const budgets = await start('  route: { receiver: ops, active_time_intervals: [nights] }');
    await take(budgets, ...calls);
    const [first] = calls;
    const [adjusted] = await ledger.adjust([{ of: first as Entry, replacement: undefined, id: 'correction' }]);
    budgets.observe(adjusted?.revisions ?? []);
    await tick(budgets);
    now += 10.5 * HOUR;
    await tick(budgets);
    expect(told(ops)).toEqual([]);
    expect(await ledger.undelivered()).toEqual([]);
  });

  it('is the warning of a key that is critical already', async () => {
    const budgets = await start(`  route: { receiver: ops, group_wait: 1s }
  inhibit_rules: [{ source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: [customer_id] }]`);
    await take(budgets, call(1, 'acme', 100_000), ...[2, 3, 4, 5].map((n) => call(n, 'bolt')));
    expect(told(ops).toSorted()).toEqual(['acme 90% firing', 'bolt 70% firing']);
  });

  it('is what somebody has silenced, until the silence ends', async () => {
    writeFileSync(
      join(folder, 'silences.yaml'),
      `silences: [{ matchers: ['customer_id="acme"'], ends_at: 2026-11-11T13:00:00Z, created_by: kim }]`,
    );
    const budgets = await start('  route: { receiver: ops }\n  silences: silences.yaml');
    await take(budgets, ...calls, ...[5, 6, 7, 8].map((n) => call(n, 'bolt')));
    expect(told(ops)).toEqual(['bolt 70% firing']);
    now += HOUR;
    await tick(budgets);
    expect(told(ops)).toEqual(['bolt 70% firing', 'acme 70% firing']);
  });

  it('mistakes in the file of silences are told with line and column', async () => {
    writeFileSync(join(folder, 'silences.yaml'), 'silences:\n  - { matchers: [], ends_at: soon }\n');
    const reading = start('  route: { receiver: ops }\n  silences: silences.yaml');
    await expect(reading).rejects.toThrow(
      /silences.yaml:2:5: silences\[0\]: "created_by" is missing\n.*2:17: matchers: is empty.*\n.*2:30: ends_at: "soon" is not an instant/,
    );
  });
});

describe('of several receivers', () => {
  const both = `  route: { receiver: ops, routes: [{ receiver: ops, continue: true }, { receiver: pager }] }`;

  it('one that is away does not hold up the other, and neither is told twice after a restart', async () => {
    const first = await start(both, { firstPauseMs: 60_000 });
    // The second time as the processor stops.
    pager?.answer(503, 503);
    first.observe(await ledger.append([call(1), call(2), call(3), call(4)]));
    await vi.waitFor(() => expect(pager?.posts).toHaveLength(1));
    await vi.waitFor(() => expect(told(ops)).toEqual(['acme 70% firing']));
    await first.stop();
    expect(await ledger.undelivered()).toHaveLength(1);
    const second = await start(both);
    await second.settled();
    expect(pager?.posts.map(({ status }) => status)).toEqual([503, 503, 200]);
    expect(told(ops)).toEqual(['acme 70% firing']);
    expect(await ledger.undelivered()).toEqual([]);
  });

  it('one that is away for a day gets dead letters, not a queue without end', async () => {
    const counts: string[] = [];
    const budgets = await start(both, { count: (name, amount, label) => counts.push(`${name} ${amount} ${label}`) });
    pager?.answer(...Array.from({ length: 1000 }, () => 503));
    budgets.observe(await ledger.append([call(1), call(2), call(3), call(4)]));
    await vi.waitFor(() => expect(pager?.posts.length).toBeGreaterThan(1));
    now += 24 * HOUR;
    await budgets.settled();
    expect(counts).toContain('notifications_dead_lettered 1 pager.webhook_configs[0]');
    expect(counts).toContain('notifications_delivered 1 ops.webhook_configs[0]');
    expect(await ledger.undelivered()).toEqual([]);
  });
});

it('from the call to the notice it takes far less than 15 seconds', async () => {
  const budgets = await start('  route: { receiver: ops }');
  const begun = performance.now();
  budgets.observe(await ledger.append([call(1), call(2), call(3), call(4)]));
  await vi.waitFor(() => expect(told(ops)).toHaveLength(1));
  expect(performance.now() - begun).toBeLessThan(5000);
});
