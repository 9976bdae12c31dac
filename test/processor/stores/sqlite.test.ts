import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { formatUsd } from '../../../pricing/money.ts';
import type { Entry } from '../../../processor/ledger.ts';
import { createReaderClient } from '../../../processor/stores/sqlite/reader-client.ts';
import { openSqliteLedger, readSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { makeEntry } from '../../support/entries.ts';
import { temporaryFolder } from '../../support/ledger.ts';

const ALL = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' } as const;
const writer = join(import.meta.dirname, '../../support/ledger-writer.ts');
const run = promisify(execFile);

function temporaryPath(): string {
  return join(temporaryFolder(), 'ledger.db');
}

/** The entries of the writer in test/support. */
function batch(k: number): Entry[] {
  return Array.from({ length: 50 }, (_, i) => makeEntry(k * 50 + i));
}

test('killed while it writes: what was acknowledged is there, once, and the sums are those of the entries', async () => {
  const path = temporaryPath();
  const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let acknowledged = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (acknowledged === 30) child.kill('SIGKILL');
  }
  await once(child, 'exit').catch(() => undefined);
  expect(child.signalCode).toBe('SIGKILL');
  expect(acknowledged).toBeGreaterThanOrEqual(30);

  const ledger = await openSqliteLedger({ path });
  onTestFinished(() => ledger.close());
  // The sender sends everything again, and a batch more than it had sent.
  const sent = Array.from({ length: acknowledged + 10 }, (_, k) => batch(k)).flat();
  const answers = await ledger.append(sent);
  const kept = answers.filter(({ inserted }) => !inserted).length;
  expect(kept).toBeGreaterThanOrEqual(acknowledged * 50);
  // A batch is there as a whole or not at all.
  expect(kept % 50).toBe(0);
  const [row] = await ledger.costs({ ...ALL, by: [] });
  expect(row).toMatchObject({ calls: sent.length, cost: BigInt(sent.length) * 4_000_000_000_000n });
  expect((await ledger.derive(ALL)).total).toBe(row?.cost);
  await ledger.close();
  const db = new DatabaseSync(path, { readOnly: true });
  onTestFinished(() => db.close());
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
});

test('a full disk refuses the batch, which is not there afterwards; once there is room it goes in', async () => {
  const path = temporaryPath();
  // Files of this child may not grow beyond 256 KiB: SQLite sees what it sees on a full disk.
  const { stdout } = await run(
    'sh',
    ['-c', `ulimit -f 512 && exec "$0" "$@"`, process.execPath, writer, path, '--until-refused'],
    {
      timeout: 15_000,
    },
  );
  const lines = stdout.trim().split('\n');
  const acknowledged = Number(lines.at(-2));
  expect(lines.at(-1)).toMatch(
    /^ledger_unavailable: ledger .*ledger\.db: .* \((the disk is full; free space|reading or writing failed; check the disk)\)$/,
  );
  const ledger = await openSqliteLedger({ path });
  onTestFinished(() => ledger.close());
  expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: acknowledged * 50 }]);
  expect((await ledger.append(batch(acknowledged))).every(({ inserted }) => inserted)).toBe(true);
});

test('a lock of another program: refused for now, nothing done, and fine afterwards', async () => {
  const path = temporaryPath();
  const ledger = await openSqliteLedger({ path });
  onTestFinished(() => ledger.close());
  const other = new DatabaseSync(path);
  onTestFinished(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  for (const use of [() => ledger.append([makeEntry(1)]), () => ledger.check()])
    await expect(use()).rejects.toMatchObject({
      code: 'ledger_unavailable',
      message: expect.stringContaining('another program holds a lock'),
    });
  other.exec('ROLLBACK');
  expect(await ledger.append([makeEntry(1)])).toMatchObject([{ inserted: true }]);
});

test('one process writes a ledger; the second is told which one, and the lock goes with its holder', async () => {
  const path = temporaryPath();
  const ledger = await openSqliteLedger({ path });
  await expect(openSqliteLedger({ path })).rejects.toMatchObject({
    code: 'ledger_unusable',
    message: expect.stringMatching(`ledger ${path} is in use by process ${process.pid} on .+ \\(since 20`),
  });
  await ledger.close();
  const again = await openSqliteLedger({ path });
  await again.close();
});

test('a running ledger can be read beside it', async () => {
  const path = temporaryPath();
  const ledger = await openSqliteLedger({ path });
  onTestFinished(() => ledger.close());
  const beside = readSqliteLedger({ path });
  onTestFinished(() => beside.close());
  await ledger.append([makeEntry(1)]);
  expect(await beside.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 1 }]);
  await ledger.append([makeEntry(2)]);
  expect(formatUsd((await beside.derive(ALL)).total)).toBe('0.008');
});

test('the file is for its owner alone, and written ahead', async () => {
  const path = temporaryPath();
  const ledger = await openSqliteLedger({ path });
  onTestFinished(() => ledger.close());
  await ledger.append([makeEntry(1)]);
  for (const suffix of ['', '-wal', '-shm', '-lock'])
    expect([suffix, statSync(path + suffix).mode & 0o777]).toEqual([suffix, 0o600]);
});

test('a path that can not be a ledger is refused with what to do', async () => {
  const folder = temporaryFolder();
  const text = join(folder, 'notes.txt');
  writeFileSync(
    text,
    'not a database at all, but long enough to have a header of a hundred bytes, if it were one: '.repeat(9),
  );
  const foreign = join(folder, 'foreign.db');
  withDatabase(foreign, 'CREATE TABLE notes (text)');
  const newer = join(folder, 'newer.db');
  await (await openSqliteLedger({ path: newer })).close();
  withDatabase(newer, 'PRAGMA user_version = 99');
  mkdirSync(join(folder, 'folder.db'));
  const cases = [
    [join(folder, 'missing', 'ledger.db'), /missing\/ledger\.db can't be written: .*ENOENT.*create the folder/],
    ['/proc/ledger.db', /ledger \/proc\/ledger\.db can't be written/],
    [join(folder, 'folder.db'), /folder\.db: .*(EISDIR|could not be opened)/],
    [text, /notes\.txt: .*it is not a SQLite file; choose another path/],
    [foreign, /foreign\.db is a SQLite file of another program/],
    [newer, /newer\.db was written by a newer Spanledger \(ledger version 99, this one knows \d+\): update spanledger/],
  ] as const;
  for (const [path, message] of cases)
    await expect(openSqliteLedger({ path }), path).rejects.toMatchObject({
      code: 'ledger_unusable',
      message: expect.stringMatching(message),
    });
  // Refusing has changed nothing, and holds no lock.
  await expect(openSqliteLedger({ path: text })).rejects.toMatchObject({ message: expect.stringMatching(/notes/) });
  await expect(readSqliteLedger({ path: foreign }).firstUs()).rejects.toMatchObject({ code: 'ledger_unusable' });
  await expect(readSqliteLedger({ path: join(folder, 'none.db') }).firstUs()).rejects.toMatchObject({
    code: 'ledger_unusable',
  });
});

test('a read that never ends is given up, and does not hold up the next one', async () => {
  const path = temporaryPath();
  const ledger = await openSqliteLedger({ path });
  onTestFinished(() => ledger.close());
  await ledger.append([makeEntry(1, { dimensions: { customer_id: `${'a'.repeat(40)}!` } })]);
  const reader = createReaderClient(path, 1_000);
  onTestFinished(() => reader.close());
  const where = [{ name: 'customer_id', op: '=~', value: '(a+)+' }] as const;
  await expect(reader.costs({ ...ALL, by: [], where })).rejects.toMatchObject({
    code: 'ledger_unavailable',
    message: expect.stringContaining('no answer within 1 s'),
  });
  const patient = createReaderClient(path);
  onTestFinished(() => patient.close());
  expect(await patient.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 1 }]);
});

function withDatabase(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}
