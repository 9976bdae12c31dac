import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Entry } from '../../../processor/ledger.ts';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { inspectLedger } from '../../../processor/stores/sqlite/inspect.ts';
import { migrations } from '../../../processor/stores/sqlite/schema.ts';
import { readProgress } from '../../../processor/stores/sqlite/progress.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';
import { temporaryFolder } from '../../support/ledger.ts';
import { makeVersion2 } from '../../support/old-ledger.ts';

const child = join(import.meta.dirname, 'ledger-child.ts');
const writer = join(import.meta.dirname, '../../support/ledger-writer.ts');
const DAY = 86_400_000_000;
const before = { where: [], from: 0, to: NOVEMBER + 100 * DAY, timezone: 'UTC' } as const;

/** Forty days of calls. */
const calls: readonly Entry[] = Array.from({ length: 40_000 }, (_, n) =>
  makeEntry(n, { startUs: NOVEMBER + n * 86_400_000, dimensions: { customer_id: `c${n % 200}` } }),
);

async function ledgerAt(path: string): Promise<void> {
  const ledger = await openSqliteLedger({ path });
  for (let from = 0; from < calls.length; from += 1_000) await ledger.append(calls.slice(from, from + 1_000));
  await ledger.close();
}

/** How long a start takes that nobody kills, to the line that says so. */
async function openingMs(path: string): Promise<number> {
  const began = performance.now();
  const running = spawn(process.execPath, [child, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface({ input: running.stdout }), 'line');
  const took = performance.now() - began;
  running.kill('SIGKILL');
  await once(running, 'exit');
  return took;
}

/** Started and killed after a time; whether it had opened the ledger by then. */
async function killed(path: string, afterMs: number, ...args: readonly string[]): Promise<boolean> {
  const running = spawn(process.execPath, [child, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: running.stdout }).on('line', (line) => lines.push(line));
  await pause(afterMs);
  running.kill('SIGKILL');
  await once(running, 'exit');
  return lines.length > 0;
}

test('a migration that is killed: the file is of one version, and nothing is lost', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const old = join(folder, 'old.db');
  await ledgerAt(old);
  makeVersion2(old);
  const versions = new Set<unknown>();
  copyFileSync(old, join(folder, 'whole.db'));
  const whole = await openingMs(join(folder, 'whole.db'));
  // From the start of the program to the end of the migration, on a fast machine or a slow one.
  for (let part = 0.3; part < 1.6; part += 0.1) {
    const path = join(folder, `${part}.db`);
    copyFileSync(old, path);
    await killed(path, part * whole);
    const db = new DatabaseSync(path);
    versions.add(db.prepare('PRAGMA user_version').get()?.['user_version']);
    db.close();
    const ledger = await openSqliteLedger({ path });
    expect(await ledger.costs({ ...before, by: [] })).toMatchObject([{ calls: calls.length, cost: 160n * 10n ** 15n }]);
    await ledger.close();
    expect([...inspectLedger(path)].filter(({ state }) => state === 'failed')).toEqual([]);
  }
  // Else nothing was killed in time, or everything.
  expect(versions).toContain(2);
  expect(versions).toContain(migrations.length);
});

test('killed again and again while hours and entries are given up: sums stay', { timeout: 120_000 }, async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  await ledgerAt(path);
  let opened = 0;
  for (let afterMs = 300; afterMs < 1_000; afterMs += 70) {
    if (await killed(path, afterMs, '--retain')) opened++;
    expect([...inspectLedger(path)].filter(({ state }) => state === 'failed')).toEqual([]);
    const ledger = await openSqliteLedger({ path });
    expect(await ledger.costs({ ...before, by: [] })).toMatchObject([{ calls: calls.length, cost: 160n * 10n ** 15n }]);
    await ledger.close();
  }
  expect(opened).toBeGreaterThan(3);
  const db = new DatabaseSync(path, { readOnly: true });
  const { kept } = readProgress(db);
  db.close();
  expect(kept).toBe(NOVEMBER + 30 * DAY);
});

const traced = ((): boolean => {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!traced)('what is acknowledged was synced before: as strace sees it', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const trace = join(folder, 'trace');
  const strace = ['-f', '-y', '-e', 'trace=write,writev,pwrite64,fdatasync,fsync', '-o', trace];
  // Ends at the limit of its files: see the same child among the tests of the store.
  await promisify(execFile)('sh', [
    '-c',
    'ulimit -f 4096 && exec strace "$@"',
    'sh',
    ...strace,
    process.execPath,
    writer,
    join(folder, 'ledger.db'),
    '--until-refused',
  ]).catch(() => undefined);
  let unsynced = false;
  let acknowledged = 0;
  let syncs = 0;
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    if (/pwrite64\(\d+<[^>]*ledger\.db-wal>/.test(line)) unsynced = true;
    if (/(fdatasync|fsync)\(\d+<[^>]*ledger\.db-wal>/.test(line)) {
      if (unsynced) syncs++;
      unsynced = false;
    }
    if (!/write\(1<[^>]*>, "\d+\\n"/.test(line)) continue;
    acknowledged++;
    expect([acknowledged, unsynced]).toEqual([acknowledged, false]);
  }
  expect(acknowledged).toBeGreaterThan(10);
  expect(syncs).toBeGreaterThanOrEqual(acknowledged);
});
