import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createLiveBudgets, type LiveBudgets } from '../../../processor/budgets/live.ts';
import { readBudgets } from '../../../processor/budgets/read.ts';
import { createGate, type Gate } from '../../../processor/gate.ts';
import type { Entry, Ledger } from '../../../processor/ledger.ts';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';
import { memoryLog, startReceiver, type Receiver } from './support.ts';

interface Running {
  readonly live: LiveBudgets;
  readonly ledger: Ledger;
  readonly gate: Gate;
  readonly receiver: Receiver;
  readonly log: ReturnType<typeof memoryLog>;
  readonly write: (rule: string, more?: string) => void;
}

async function start(rule: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
  const path = join(folder, 'budgets.yaml');
  const receiver = await startReceiver();
  const write = (text: string, more = ''): void =>
    writeFileSync(
      path,
      `groups:\n  - name: test\n    rules:\n      - { ${text} }\n${more}notify: { webhook: { url: '${receiver.url.href}' } }\n`,
    );
  write(rule);
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
  const [gate, log] = [createGate(), memoryLog()];
  const now = (): number => NOVEMBER + 10 * 86_400_000_000;
  const live = createLiveBudgets({ settings: readBudgets(path), path, gate, ledger, log, now, firstPauseMs: 5 });
  await live.start();
  onTestFinished(async () => {
    await live.stop();
    await ledger.close();
    await receiver.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { live, ledger, gate, receiver, log, write };
}

const call = (n: number): Entry => makeEntry(n, { dimensions: { customer_id: 'acme', feature: 'chat' } });
const rule = (amount: string): string =>
  `budget: per-customer, by: [customer_id], amount: ${amount}, period: month, preset: 80-120`;
const told = ({ receiver }: Running): string[] =>
  receiver.alerts.map(({ labels, status }) => `${labels['threshold']} ${status}`);

it('new budgets are watched from the next call on, with what was spent; what was told is not told again', async () => {
  const running = await start(rule('0.02 USD'));
  const { live, ledger, write } = running;
  live.observe(await ledger.append([1, 2, 3, 4].map(call)));
  await live.settled();
  write(rule('0.01 USD'));
  await live.reload();
  await live.settled();
  expect(told(running)).toEqual(['80% firing', '120% firing']);
  expect(live.states()).toMatchObject([{ amount: '0.01', spent: '0.016' }]);
  write(rule('1 USD'));
  await live.reload();
  await live.settled();
  expect(told(running).slice(2).toSorted()).toEqual(['120% resolved', '80% resolved']);
});

it('with a mistake anywhere the old budgets stay, and every mistake is in the log with line and column', async () => {
  const running = await start(rule('0.02 USD'));
  const { live, ledger, write, log } = running;
  write('budget: b, amount: 5, period: mont, preset: 80-120', 'time_intervals: [{}]\n');
  await live.reload();
  const logged = log.lines.filter(({ level }) => level === 'error').map(({ message }) => message);
  expect(logged).toEqual([
    expect.stringMatching(/budgets.yaml:4:30: amount: "5" has no unit/),
    expect.stringMatching(/budgets.yaml:4:41: period: "mont" is not a period/),
    expect.stringMatching(/budgets.yaml:5:18: time_intervals\[0\]: "name" is missing/),
    expect.stringMatching(/budgets.yaml:5:18: time_intervals\[0\]: "time_intervals" is missing/),
    "the new budgets can't be used; the old ones stay",
  ]);
  live.observe(await ledger.append([1, 2, 3, 4].map(call)));
  await live.settled();
  expect(told(running)).toEqual(['80% firing']);
});

it('calls that come in meanwhile are counted once, whenever they are committed', async () => {
  const running = await start(rule('5 USD'));
  const { live, ledger, gate, write } = running;
  write(rule('6 USD'));
  let calls = 0;
  const reloading = new AbortController();
  const load = async (): Promise<void> => {
    while (!reloading.signal.aborted) await gate.pass(async () => live.observe(await ledger.append([call(++calls)])));
  };
  const loads = [load(), load(), load()];
  for (let turn = 0; turn < 5; turn++) await live.reload();
  reloading.abort();
  await Promise.all(loads);
  expect(calls).toBeGreaterThan(5);
  const [row] = await ledger.costs({ by: [], where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' });
  expect(live.states()[0]?.spent_usd).toBe((calls * 0.004).toFixed(3).replace(/0+$/, ''));
  expect(row?.calls).toBe(calls);
});
