import { statSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HOUR } from '../../rollup.ts';
import type { Finding } from '../finding.ts';
import { entrySumColumns, sign, sumColumns } from './amount.ts';
import { storeFailure } from './failure.ts';
import { readProgress } from './progress.ts';
import { requireCurrent } from './schema.ts';
import { levels, SMALLEST } from './levels.ts';

const DAY = 24 * HOUR;
const REBUILD = 'stop the processor, run "spanledger rollups rebuild"';
/** Damage is told this often; more of it says no more. */
const MAX_TOLD = 5;

/**
 * Looks a ledger file over, beside a processor that writes to it or not: pages, sums against entries, room on the disk. Reads
 * everything; changes nothing. A check that meets a damaged page says so, and the others go on.
 *
 * @example for (const { check, state, detail } of inspectLedger('spanledger.db')) console.log(check, state, detail);
 */
export function* inspectLedger(path: string): Generator<Finding> {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
    requireCurrent(db, path);
  } catch (error) {
    yield { check: 'ledger', state: 'failed', detail: storeFailure('ledger_unusable', path, error).message };
    return;
  }
  try {
    // One snapshot: a processor may be writing.
    db.exec('BEGIN');
    for (const [check, look] of checks) {
      try {
        yield { check, ...look(db, path) };
      } catch (error) {
        yield { check, state: 'failed', detail: storeFailure('ledger_unavailable', path, error).message };
      }
    }
  } finally {
    db.close();
  }
}

type Look = (db: DatabaseSync, path: string) => Omit<Finding, 'check'>;

const checks: readonly (readonly [string, Look])[] = [
  ['pages', pages],
  ['sums of hours', hours],
  ['sums of days', days],
  ['index of spans', spans],
  ['summed up', pending],
  ['disk', disk],
];

function pages(db: DatabaseSync): Omit<Finding, 'check'> {
  const rows = db.prepare(`PRAGMA integrity_check(${MAX_TOLD})`).all();
  const found = rows.map((row) => String(row['integrity_check']));
  if (found[0] === 'ok') return { state: 'ok', detail: 'every page is as it should be' };
  return {
    state: 'failed',
    detail: `${found.join('; ')}: stop the processor and restore a backup, or copy what can be read with "sqlite3 .recover"`,
  };
}

/** By UTC day, which holds for hours and for days that have taken their place. */
function hours(db: DatabaseSync): Omit<Finding, 'check'> {
  const { folded, kept } = readProgress(db);
  const byDay = (time: string, sums: string, rest: string): Map<number, string> =>
    new Map(
      db
        .prepare(`SELECT ${time} AS day, ${sums} FROM ${rest} GROUP BY 1`)
        .all()
        .map((row) => [Number(row['day']), sumsText(row)]),
    );
  const entries = byDay(
    `start_us / ${DAY}`,
    `sum(${sign}), ${entrySumColumns}`,
    `entry WHERE start_us >= ${kept} AND start_us < ${folded}`,
  );
  const rollups = byDay('hour / 24', `sum(calls), ${sumColumns}`, `rollup WHERE hour >= ${kept / HOUR}`);
  const wrong = [...new Set([...entries.keys(), ...rollups.keys()])].filter(
    (day) => (entries.get(day) ?? NOTHING) !== (rollups.get(day) ?? NOTHING),
  );
  return verdict(wrong, entries.size, 'the entries of');
}

/** Calls and an exact amount: parts may have carried their remainders. */
const total = `SELECT total(calls) || ' ' || (coalesce(sum(cost_nano), 0) + coalesce(sum(cost_rem), 0) / 1000000)
  || ' ' || coalesce(sum(cost_rem), 0) % 1000000`;

function days(db: DatabaseSync): Omit<Finding, 'check'> {
  const sqls = levels.flatMap(({ level }) => [
    `SELECT day FROM summary_day
      WHERE (${total} FROM summary s WHERE level = ${level} AND s.day = summary_day.day)
        <> (${total} FROM rollup WHERE hour >= summary_day.day * 24 AND hour < summary_day.day * 24 + 24)`,
    hoursOther(`summary_hour s WHERE level = ${level} AND s.hour = summed_hour.hour`, level !== SMALLEST.level),
  ]);
  sqls.push(
    hoursOther('summary_quarter WHERE quarter >= summed_hour.hour * 4 AND quarter < summed_hour.hour * 4 + 4', true),
  );
  const wrong = sqls.flatMap((sql) =>
    db
      .prepare(sql)
      .all()
      .map((row) => Number(row['day'])),
  );
  const count = Number(db.prepare('SELECT count(*) AS n FROM summary_day').get()?.['n']);
  return verdict([...new Set(wrong)], count, 'the hours of');
}

/** Days with hours whose sums are others than those of their rollups. */
function hoursOther(rows: string, isOfLarge: boolean): string {
  return `SELECT hour / 24 AS day FROM summed_hour
    WHERE ${isOfLarge ? 'large = 1' : 'true'}
      AND (${total} FROM ${rows}) <> (${total} FROM rollup r WHERE r.hour = summed_hour.hour)`;
}

function verdict(wrong: readonly number[], count: number, what: string): Omit<Finding, 'check'> {
  if (wrong.length === 0) return { state: 'ok', detail: `as ${what} ${count.toLocaleString('en-US')} days have it` };
  const named = wrong.slice(0, MAX_TOLD).map((day) => new Date((day * DAY) / 1000).toISOString().slice(0, 10));
  const more = wrong.length > MAX_TOLD ? ' and more' : '';
  return { state: 'failed', detail: `other sums than ${what} ${named.join(', ')}${more}: ${REBUILD}` };
}

const NOTHING = '0 0 0';

/** Calls, nano-USD and the remainder, carried. */
function sumsText(row: Readonly<Record<string, unknown>>): string {
  const [, calls = 0, high = 0, low = 0, rem = 0] = Object.values(row).map(Number);
  const femto = ((BigInt(high) << 32n) + BigInt(low)) * 1_000_000n + BigInt(rem);
  return `${calls} ${femto / 1_000_000n} ${femto % 1_000_000n}`;
}

function spans(db: DatabaseSync): Omit<Finding, 'check'> {
  const { folded, kept } = readProgress(db);
  const missing = Number(
    db
      .prepare(
        `SELECT count(*) AS n FROM entry e WHERE start_us >= ? AND start_us < ? AND rev = 0 AND NOT EXISTS (
           SELECT 1 FROM span_index s WHERE s.hour = e.start_us / ${HOUR} AND s.hash = substr(e.span, 22, 3)
             AND s.second = (e.start_us % ${HOUR}) / 1000000)`,
      )
      .get(kept, folded)?.['n'],
  );
  return missing === 0
    ? { state: 'ok', detail: 'every call is found by its ids' }
    : { state: 'failed', detail: `${missing.toLocaleString('en-US')} calls are not found by their ids: ${REBUILD}` };
}

function pending(db: DatabaseSync): Omit<Finding, 'check'> {
  const count = Number(
    db.prepare('SELECT count(*) AS n FROM entry WHERE start_us >= ?').get(readProgress(db).folded)?.['n'],
  );
  const detail = `${count.toLocaleString('en-US')} calls are read one by one until they are summed up`;
  return count < 1_000_000
    ? { state: 'ok', detail }
    : { state: 'warning', detail: `${detail}: are many dated ahead of their time, or is the disk full?` };
}

function disk(_: DatabaseSync, path: string): Omit<Finding, 'check'> {
  const { bavail, bsize } = statfsSync(dirname(path));
  const size = statSync(path).size;
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  const free = bavail * bsize;
  const detail = `ledger ${mib(size)}, write-ahead log ${mib(wal)}, free ${mib(free)}`;
  return free < Math.max(1 << 30, size / 10)
    ? { state: 'warning', detail: `${detail}: the ledger refuses calls once the disk is full` }
    : { state: 'ok', detail };
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toLocaleString('en-US', { maximumFractionDigits: 1 })} MiB`;
}
