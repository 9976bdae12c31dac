import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { Entry, Ledger } from '../../../processor/ledger.ts';
import { HOUR } from '../../../processor/rollup.ts';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { backupLedger } from '../../../processor/stores/sqlite/backup.ts';
import { inspectLedger } from '../../../processor/stores/sqlite/inspect.ts';
import { openFile } from '../../../processor/stores/sqlite/open.ts';
import { rebuildRollups } from '../../../processor/stores/sqlite/rebuild.ts';
import { runCommand, type Outcome } from '../../support/command.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';
import { temporaryFolder } from '../../support/ledger.ts';

const main = join(import.meta.dirname, '../../../processor/main.ts');
const ALL = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' } as const;
const DAY = 24 * HOUR;

const calls: readonly Entry[] = Array.from({ length: 200 }, (_, n) =>
  makeEntry(n, {
    startUs: NOVEMBER + n * HOUR,
    userId: n % 2 === 0 ? 'ann' : '',
    sessionId: 's',
    dimensions: { customer_id: n % 3 === 0 ? 'Müller & Co' : `c${n % 3}`, route: `r${n % 4}` },
    extra: { owner: 'Müller & Co' },
  }),
);

/** Summed up in hours and days, but for the last few. */
async function ledgerOf(path: string, entries: readonly Entry[] = calls, days = 8): Promise<Ledger> {
  const options = { foldAt: 20, restMs: 0, now: (): number => NOVEMBER + 400 * DAY };
  const ledger = await openSqliteLedger({ path, ...options });
  onTestFinished(() => ledger.close());
  await ledger.append(entries);
  await expect.poll(() => one(path, 'SELECT count(*) AS n FROM summary_day'), { interval: 5 }).toBe(days);
  return ledger;
}

function one(path: string, sql: string): unknown {
  const db = new DatabaseSync(path);
  try {
    return db.prepare(sql).get()?.['n'];
  } finally {
    db.close();
  }
}

/** Where nothing listens, whatever else this machine runs. */
const env = Object.fromEntries(['OTLP', 'GRPC', 'API'].map((name, n) => [`SPANLEDGER_LISTEN_${name}`, `:${9 + n}`]));
const run = (...args: readonly string[]): Promise<Outcome> => runCommand(args, { cwd: temporaryFolder(), env });

/** The command line in a process of its own: locks are between processes. */
async function runProcess(...args: readonly string[]): Promise<Pick<Outcome, 'code' | 'stderr'>> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [main, ...args], { cwd: temporaryFolder() })) };
  } catch (error) {
    return error as Outcome;
  }
}

const failed = (path: string): string[] =>
  [...inspectLedger(path)].flatMap(({ check, state }) => (state === 'failed' ? [check] : []));

test('a backup holds what was there at its beginning, while calls go on coming in', async () => {
  const folder = temporaryFolder();
  const ledger = await ledgerOf(join(folder, 'ledger.db'));
  const copy = join(folder, 'copy.db');
  const parts: number[] = [];
  let n = 1_000;
  const copied = backupLedger(join(folder, 'ledger.db'), copy, (part) => {
    parts.push(part);
    void ledger.append([makeEntry(n++)]);
  });
  for (let k = 0; k < 20; k++) await ledger.append([makeEntry(5_000 + k)]);
  await copied;
  expect(parts.at(-1)).toBe(1);
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  expect(failed(copy)).toEqual([]);
  const restored = await openSqliteLedger({ path: copy });
  onTestFinished(() => restored.close());
  expect(await restored.costs({ ...ALL, by: [] })).toMatchObject([{ calls: calls.length }]);
  await expect(backupLedger(join(folder, 'ledger.db'), copy)).rejects.toMatchObject({
    code: 'ledger_unusable',
    message: `${copy} is there already: choose another name`,
  });
  await expect(backupLedger(join(folder, 'ledger.db'), join(folder, 'no/copy.db'))).rejects.toMatchObject({
    code: 'ledger_unusable',
  });
});

test('doctor finds sums that are not those of the entries; rebuilding makes them so again', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const ledger = await ledgerOf(path);
  const before = await ledger.costs({ ...ALL, by: ['customer_id'] });
  await ledger.close();
  expect(failed(path)).toEqual([]);
  const spoil = new DatabaseSync(path);
  spoil.exec(`UPDATE rollup SET cost_rem = cost_rem + 1 WHERE hour = (SELECT min(hour) + 30 FROM rollup);
    UPDATE summary SET calls = calls + 1 WHERE day = (SELECT min(day) FROM summary) AND level = 1;
    DELETE FROM span_index WHERE hour = (SELECT min(hour) + 50 FROM span_index)`);
  spoil.close();
  expect(failed(path)).toEqual(['sums of hours', 'sums of days', 'index of spans']);

  const doctor = await run('doctor', '--ledger', path);
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(
    /^failed +sums of hours +other sums than the entries of 2026-11-02: stop the processor, run "spanledger rollups rebuild"$/m,
  );

  const rebuilt = await run('rollups', 'rebuild', '--ledger', path);
  expect(rebuilt).toMatchObject({ code: 0, stdout: '9 days were summed up again\n', stderr: '' });
  expect(failed(path)).toEqual([]);
  const again = await openSqliteLedger({ path });
  onTestFinished(() => again.close());
  expect(new Set(await again.costs({ ...ALL, by: ['customer_id'] }))).toEqual(new Set(before));
});

test('rebuilding stopped at any day leaves right answers, and goes on', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  await (await ledgerOf(path)).close();
  const file = openFile(path);
  expect(() =>
    rebuildRollups(file.db, (part) => {
      if (part > 0.4) throw new Error('stopped');
    }),
  ).toThrow('stopped');
  file.close();
  expect(failed(path)).toEqual([]);
  const ledger = await openSqliteLedger({ path });
  onTestFinished(() => ledger.close());
  expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: calls.length }]);
});

test('erasing a customer: the id is nowhere in the file, sums stay, the audit log knows of it', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'ledger.db');
  const ledger = await ledgerOf(path);
  const where = [{ name: 'customer_id' as const, op: '=' as const, value: 'Müller & Co' }];
  const before = await ledger.costs({ ...ALL, by: [], where });
  const total = await ledger.costs({ ...ALL, by: ['route'] });
  const key = (who: string): string => `monthly|{"customer_id":"${who}"}|month 2026-11-01T00:00:00.000Z|70%`;
  const alert = { labels: { customer_id: 'Müller & Co' }, annotations: { summary: 'Müller & Co has spent $7' } };
  await ledger.addCrossing({ key: key('Müller & Co'), at: 1, payload: JSON.stringify(alert) });
  await ledger.addCrossing({ key: key('c1'), at: 1, payload: '{}' });
  expect((await runProcess('erase', '--customer', 'Müller & Co', '--ledger', path)).stderr).toMatch(
    /is in use by process/,
  );
  await ledger.close();

  const { stdout } = await run('erase', '--customer', 'Müller & Co', '--ledger', path);
  const token = /^67 calls are those of (erased-[0-9a-f]{16}) now$/m.exec(stdout)?.[1] ?? '';
  expect(token).not.toBe('');
  for (const suffix of ['', '-wal'])
    if (existsSync(path + suffix)) expect(readFileSync(path + suffix).includes('Müller & Co')).toBe(false);
  expect(failed(path)).toEqual([]);

  const after = await openSqliteLedger({ path });
  onTestFinished(() => after.close());
  expect(await after.costs({ ...ALL, by: [], where })).toEqual([]);
  expect(await after.costs({ ...ALL, by: [], where: [{ name: 'customer_id', op: '=', value: token }] })).toEqual(
    before,
  );
  expect(new Set(await after.costs({ ...ALL, by: ['route'] }))).toEqual(new Set(total));
  expect(await after.crossing(key(token))).toMatchObject({
    payload: JSON.stringify({ labels: { customer_id: token }, annotations: { summary: `${token} has spent $7` } }),
  });
  expect(await after.crossing(key('c1'))).toBeDefined();
  expect(await after.audit(10)).toEqual([
    { id: `erase ${token}`, at: expect.any(Number), action: 'erase', detail: JSON.stringify({ token, calls: 67 }) },
  ]);
  const [entry] = await after.find(calls[0]?.traceId ?? '', calls[0]?.spanId ?? '');
  expect(entry).toMatchObject({ userId: '', sessionId: '', extra: {}, dimensions: { customer_id: token } });
  const [other] = await after.find(calls[2]?.traceId ?? '', calls[2]?.spanId ?? '');
  expect(other).toMatchObject({ userId: 'ann', sessionId: 's' });
  // The same id again is a new customer: numbers of dimensions are not mixed up.
  await after.append([makeEntry(999, { dimensions: { customer_id: 'Müller & Co', route: 'r0' } })]);
  expect(await after.costs({ ...ALL, by: [], where })).toMatchObject([{ calls: 1 }]);
  expect((await run('erase', '--customer', 'nobody', '--ledger', path)).stderr).toMatch(/in use/);
});

test('a damaged page: doctor says so, what is elsewhere is answered, what it held is refused', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const many = Array.from({ length: 3_000 }, (_, n) => makeEntry(n, { startUs: NOVEMBER + n * 60_000_000 }));
  await (await ledgerOf(path, many, 2)).close();
  const bytes = readFileSync(path);
  const hit = many[1_000];
  if (hit === undefined) throw new Error('there is a call in the middle');
  const at = bytes.indexOf(Buffer.from(hit.traceId + hit.spanId, 'hex'));
  const page = Math.floor(at / 4_096) * 4_096;
  writeFileSync(path, bytes.fill(0xff, page, page + 4_096));

  const ledger = await openSqliteLedger({ path });
  onTestFinished(() => ledger.close());
  expect(failed(path)).toContain('pages');
  await expect(ledger.derive({ where: [], from: NOVEMBER, to: NOVEMBER + 30 * DAY })).rejects.toMatchObject({
    code: 'ledger_unavailable',
    message: expect.stringContaining('the file is damaged; stop the processor and restore a backup'),
  });
  expect(await ledger.derive({ where: [], from: NOVEMBER, to: NOVEMBER + HOUR })).toMatchObject({ unpriced: [] });
  expect(await ledger.find(many[2]?.traceId ?? '', many[2]?.spanId ?? '')).toHaveLength(1);
  expect(await ledger.append([makeEntry(9_000)])).toMatchObject([{ inserted: true }]);
});

test('doctor of a good ledger, as a person and as a machine sees it', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  await ledgerOf(path);
  const text = await run('doctor', '--ledger', path);
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toMatch(/^ok +pages +every page is as it should be$/m);
  const { findings } = JSON.parse((await run('doctor', '--json', '--ledger', path)).stdout) as { findings: unknown[] };
  expect(findings).toContainEqual({ check: 'sums of hours', state: 'ok', detail: 'as the entries of 9 days have it' });
  expect(findings).toContainEqual({ check: 'tags', state: 'ok', detail: 'no calls in the last seven days' });
  const none = await run('doctor', '--ledger', '/nowhere.db');
  expect([none.code, none.stdout]).toEqual([
    1,
    expect.stringMatching(/^failed +ledger +there is no ledger \/nowhere.db/m),
  ]);
});
