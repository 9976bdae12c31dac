/**
 * Budgets of 100,000 customers under 3 rules: a batch of 1,000 calls taken in, memory, and the start from a ledger:
 * `node --expose-gc test/bench/budgets.ts [customers]`.
 *
 * What the budgets say is compared with the ledger's own sums before anything is timed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createBudgets, loadBudgets, mistakesText } from '../../processor/budgets/index.ts';
import type { Appended, Entry } from '../../processor/ledger.ts';
import { openSqliteLedger } from '../../processor/stores/sqlite.ts';
import { makeEntry, NOVEMBER } from '../support/entries.ts';

const customers = Number(process.argv[2] ?? 100_000);
const BATCH = 1000;
const now = NOVEMBER + 10.5 * 86_400_000_000;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const thresholds =
  'thresholds: [{ at: 70%, severity: warning }, { at: 90%, severity: critical }, { at: 110%, severity: critical }]';
const loaded = loadBudgets(
  'budgets.yaml',
  `groups: [{ name: bench, rules: [
    { budget: month, by: [customer_id], match: ['plan!="internal"'], amount: 5 USD, period: month, ${thresholds},
      overrides: [{ match: ['plan="pro"'], amount: 40 USD }] },
    { budget: day, by: [customer_id], amount: 5 USD, period: day, ${thresholds} },
    { budget: rolling, by: [customer_id], match: ['plan=~"pro|free"'], amount: 5 USD, period: rolling 24h, ${thresholds} }] }]`,
);
if (loaded.status === 'invalid') throw new Error(mistakesText(loaded));

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const folder = mkdtempSync(join(tmpdir(), 'spanledger-bench-'));
const ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
const start = (): ReturnType<typeof createBudgets> =>
  createBudgets({ rules: loaded.rules, notify: undefined, ledger, log: quiet, now: () => now });

/** Calls spread over all customers, each a span of its own. */
let number = 0;
function batch(step: number): readonly Entry[] {
  return Array.from({ length: BATCH }, () => {
    const customer = (number * step) % customers;
    const dimensions = {
      customer_id: `customer-${customer}`,
      feature: 'chat',
      plan: customer % 3 === 0 ? 'pro' : 'free',
    };
    return makeEntry(number, { startUs: now - 3_600_000_000 - number++, dimensions });
  });
}

function memory(): number {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

console.log(`${customers.toLocaleString('en-US')} customers x ${loaded.rules.length} rules`);
const before = memory();
let budgets = start();
await budgets.start();
for (let calls = 0; calls < customers; calls += BATCH) budgets.observe(await ledger.append(batch(1)));
await budgets.settled();
const after = memory();

const [row] = await ledger.costs({ by: [], where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' });
const states = budgets.states(Infinity);
const spent = states.filter(({ budget }) => budget === 'month').length;
if (spent !== customers || states.length !== 3 * customers)
  throw new Error(`${states.length} accounts, ${spent} of the month`);

const ms = (value: number | undefined): string => `${(value ?? 0).toFixed(1)} ms`;
/** On a busy machine a clock on the wall tells of the neighbours: the processor's own time stands beside it. */
async function measured(work: () => unknown): Promise<{ readonly wall: number; readonly cpu: number }> {
  const [begun, used] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(used);
  return { wall: performance.now() - begun, cpu: (user + system) / 1000 };
}
const both = ({ wall, cpu }: { readonly wall: number; readonly cpu: number }): string => `${ms(wall)}, CPU ${ms(cpu)}`;

const times: { readonly wall: number; readonly cpu: number }[] = [];
for (let round = 0; round < 100; round++) {
  const entries: readonly Appended[] = batch(7919).map((entry) => ({ entry, inserted: true }));
  times.push(await measured(() => budgets.observe(entries)));
}
for (const kind of ['wall', 'cpu'] as const) {
  const sorted = times.map((time) => time[kind]).toSorted((x, y) => x - y);
  const figures = `median ${ms(sorted[50])}, p95 ${ms(sorted[95])}, worst ${ms(sorted.at(-1))}`;
  console.log(`a batch of ${BATCH} calls, ${kind}: ${figures} (to be 10 ms at most)`);
}
console.log(`memory of the accounts: ${(after - before).toFixed(0)} MB (to be 300 MB at most)`);

console.log(`the fullest of all: ${both(await measured(() => budgets.states(20)))}`);
console.log(`a look at the clock: ${both(await measured(() => budgets.tick()))}`);
await budgets.stop();

budgets = start();
const { calls = 0 } = row ?? {};
console.log(`the start from ${calls.toLocaleString('en-US')} calls: ${both(await measured(() => budgets.start()))}`);
if (budgets.states(Infinity).length !== 3 * customers) throw new Error('the start has lost accounts');
await budgets.stop();
await ledger.close();
rmSync(folder, { recursive: true, force: true });
