/**
 * The SQLite ledger against a bare insert of the same rows: `npm run bench -- ledger [entries] [days]` (1,000,000 over 60;
 * 10,000,000 take ten minutes and 3 GB).
 *
 * 1,000 customers x 20 features x 8 models by Zipf, in groups of 1,000, in the order of time. Answers are
 * checked before they are timed. What counts is the ratio: both run on the same machine, in turn.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatUsd } from '../../pricing/money.ts';
import { costsAnswer } from '../../processor/api/costs.ts';
import type { CostQuery, Entry, Ledger } from '../../processor/ledger.ts';
import { entryRow, insertEntry, spanBlob } from '../../processor/stores/sqlite/entry-row.ts';
import { migrate } from '../../processor/stores/sqlite/schema.ts';
import { createCounters } from '../../processor/metrics.ts';
import { createSpendMetrics } from '../../processor/metrics/spend.ts';
import { openSqliteLedger } from '../../processor/stores/sqlite.ts';
import { NOVEMBER } from '../support/entries.ts';
import { entryGroups } from './ledger/workload.ts';

const entries = Number(process.argv[2] ?? 1_000_000);
const days = Number(process.argv[3] ?? 60);
/** $0.004 each, whatever the model: the total is known. */
const groups = (): Generator<Entry[]> => entryGroups({ entries, days, untilUs: NOVEMBER });
const folder = mkdtempSync(join(tmpdir(), 'spanledger-bench-'));

interface Timing {
  /** Wall. */
  readonly ms: number;
  readonly cpuMs: number;
  /** CPU time of the first quarter by that of the last: 1 where size makes no difference. */
  readonly flat: number;
}

function timingText(name: string, { ms, cpuMs, flat }: Timing): string {
  const rate = (by: number): string => Math.round((entries / by) * 1000).toLocaleString('en-US');
  return `${name.padEnd(22)}${rate(cpuMs)} rows a CPU second, ${rate(ms)} a second; last quarter ${flat.toFixed(2)} of the first`;
}

/** What `add` takes, without the making of the entries. CPU time is what other work on the machine disturbs least. */
async function timed(add: (group: Entry[]) => unknown): Promise<Timing> {
  const cpu: number[] = [];
  let ms = 0;
  for (const group of groups()) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await add(group);
    const { user, system } = process.cpuUsage(before);
    ms += performance.now() - start;
    cpu.push((user + system) / 1000);
  }
  const sum = (part: readonly number[]): number => part.reduce((total, each) => total + each, 0);
  const quarter = Math.floor(cpu.length / 4);
  return { ms, cpuMs: sum(cpu), flat: sum(cpu.slice(0, quarter)) / sum(cpu.slice(-quarter)) };
}

/** The rows as they are, into the same table with the same safety; no dimensions, prices, rollups or index of spans. */
async function bareInsert(): Promise<Timing> {
  const db = new DatabaseSync(join(folder, 'bare.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  migrate(db, 'bare.db');
  const insert = db.prepare(insertEntry);
  const result = await timed((group) => {
    const rows = group.map((entry): SQLInputValue[] =>
      entryRow(entry, spanBlob(entry), 1, 1, { id: 1, ownLines: false }),
    );
    db.exec('BEGIN IMMEDIATE');
    for (const row of rows) insert.run(...row);
    db.exec('COMMIT');
  });
  db.close();
  return result;
}

async function question(name: string, ask: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await ask();
    times.push(performance.now() - start);
  }
  console.log(`  ${name.padEnd(44)} best ${Math.min(...times).toFixed(1)} ms, first ${(times[0] ?? 0).toFixed(1)} ms`);
}

async function questions(ledger: Ledger): Promise<void> {
  const day = 86_400_000_000;
  const query: CostQuery = { by: ['customer_id'], where: [], from: NOVEMBER - 30 * day, to: NOVEMBER, timezone: 'UTC' };
  const some = await ledger.entries({ where: [], from: 0, to: NOVEMBER, limit: 1 });
  const [one] = some;
  if (one === undefined) throw new Error('the ledger is empty');
  await question('cost by customer, 30 days', () => ledger.costs(query));
  await question('top 10 customers and growth, month over month', () =>
    costsAnswer(ledger, { ...query, by: ['customer_id'], top: 10, compare: true, format: 'json' }),
  );
  await question('cost by feature and day, 30 days', () => ledger.costs({ ...query, by: ['feature'], bucket: 'day' }));
  await question('the same, days of Kolkata', () =>
    ledger.costs({ ...query, by: ['feature'], bucket: 'day', timezone: 'Asia/Kolkata' }),
  );
  await question('total of one customer, 30 days', () =>
    ledger.costs({ ...query, by: [], where: [{ name: 'customer_id', op: '=', value: 'customer-3' }] }),
  );
  await question('derivation of one customer, 30 days', () =>
    ledger.derive({ ...query, where: [{ name: 'customer_id', op: '=', value: 'customer-3' }] }),
  );
  await question('one entry by its ids', () => ledger.find(one.traceId, one.spanId));
  await question('100 newest entries', () => ledger.entries({ where: [], from: 0, to: NOVEMBER, limit: 100 }));
}

/** Milliseconds until nothing is left to be summed up: days and hours are, between commits, and after the last. */
async function summedUp(path: string): Promise<number> {
  const db = new DatabaseSync(path, { readOnly: true });
  const marks = db.prepare('SELECT (SELECT count(*) FROM summary_day) + (SELECT count(*) FROM summed_hour) AS n');
  const began = performance.now();
  let [last, at] = [-1, began];
  while (performance.now() - at < 3000) {
    const n = Number(marks.get()?.['n']);
    if (n !== last) [last, at] = [n, performance.now()];
    await sleep(100);
  }
  db.close();
  return at - began;
}

try {
  const bare = await bareInsert();
  console.log(timingText('bare insert', bare));
  rmSync(join(folder, 'bare.db'));

  const path = join(folder, 'ledger.db');
  const ledger = await openSqliteLedger({ path });
  const own = await timed((group) => ledger.append(group));
  console.log(timingText('append with rollups', own));
  const ratios = `${(bare.cpuMs / own.cpuMs).toFixed(2)} of CPU time, ${(bare.ms / own.ms).toFixed(2)} of time`;
  console.log(`ratio                 ${ratios} (at least 0.5 wanted)`);

  const everything = { by: [], where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' } as const;
  const [total] = await ledger.costs(everything);
  const expected = BigInt(entries) * 4_000_000_000_000n;
  if (total?.cost !== expected) throw new Error(`the sum is ${total?.cost}, not ${expected}`);
  console.log(`sum                   ${entries.toLocaleString('en-US')} x $0.004 = $${formatUsd(total.cost)}, exactly`);
  const settledMs = await summedUp(path);
  console.log(`summed up             ${(settledMs / 1000).toFixed(1)} s after the last call, by days and hours`);
  await questions(ledger);
  await ledger.close();
  console.log(
    `disk                  ${(statSync(path).size / entries).toFixed(1)} bytes an entry (at most 130 wanted)`,
  );

  const start = performance.now();
  const again = await openSqliteLedger({ path });
  const opened = performance.now();
  // What a processor asks before it takes calls.
  const spend = createSpendMetrics({ ledger: again, counters: createCounters() });
  await spend.start();
  const ready = performance.now() - start;
  console.log(
    `start                 ${(opened - start).toFixed(0)} ms to open, ${ready.toFixed(0)} ms with all metrics`,
  );
  await again.close();
  const { maxRSS } = process.resourceUsage();
  console.log(`memory                ${(maxRSS / 1024).toFixed(0)} MiB at most, the making of entries included`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
