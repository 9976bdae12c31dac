import type { DatabaseSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import { startOfAge, type Age, type Retention } from '../../retention.ts';
import { HOUR } from '../../rollup.ts';
import { carried } from './fold.ts';
import { levels } from './levels.ts';
import type { MovingProgress } from './progress.ts';

const DAY = 24 * HOUR;
/** Entries taken away at a time: the event loop waits meanwhile. */
const SLICE = 4_096;
/** Between two looks, unless a day has been completed. */
const HOURLY_MS = 3_600_000;

type Transaction = (work: () => void) => void;

/**
 * Gives up hours, then entries, that are older than asked for: one part at a time, each in a transaction, the oldest first, so
 * that it goes on where it was stopped. All sums stay what they are.
 *
 * @returns does one part; whether there is more to do. Never throws
 */
export function createRetention(
  db: DatabaseSync,
  progress: MovingProgress,
  retention: Retention | undefined,
  now: () => Micros,
): (transaction: Transaction) => boolean {
  if (retention === undefined) return () => false;
  const { hours, entries } = retention;
  const compact = createCompaction(db, progress);
  const drop = createDropping(db, progress);
  let due = 0;
  let day = 0;
  return (transaction) => {
    const today = Math.floor(progress.folded / DAY);
    if (today !== day) [day, due] = [today, 0];
    if (performance.now() < due) return false;
    try {
      const more = compact(transaction, dayBefore(hours, now())) || drop(transaction, dayBefore(entries, now()));
      if (!more) due = performance.now() + HOURLY_MS;
      return more;
    } catch {
      // A full disk, a lock, a day beyond 64 bits: everything stays as it is, and is tried again.
      due = performance.now() + HOURLY_MS;
      return false;
    }
  };
}

/** 0 where it is kept for ever. */
function dayBefore(age: Age | undefined, now: Micros): Micros {
  return age === undefined ? 0 : Math.floor(startOfAge(age, now) / DAY) * DAY;
}

/** The hours of a day become one row under its first hour. */
function createCompaction(db: DatabaseSync, progress: MovingProgress) {
  db.exec(`CREATE TEMP TABLE IF NOT EXISTS day_sums (dimension INTEGER PRIMARY KEY, calls INTEGER, input INTEGER,
    cache_read INTEGER, cache_write INTEGER, output INTEGER, reasoning INTEGER, nano INTEGER, rem INTEGER) STRICT`);
  const next = db.prepare('SELECT min(hour) AS hour FROM rollup WHERE hour >= ? AND hour < ?');
  const statements = [
    db.prepare(`INSERT INTO day_sums SELECT dimension, sum(calls), sum(input), sum(cache_read), sum(cache_write), sum(output),
      sum(reasoning), sum(cost_nano), sum(cost_rem) FROM rollup WHERE hour >= ?1 AND hour < ?1 + 24 GROUP BY dimension`),
    db.prepare('DELETE FROM rollup WHERE hour >= ?1 AND hour < ?1 + 24'),
    db.prepare(`INSERT INTO rollup (hour, dimension, calls, input, cache_read, cache_write, output, reasoning, cost_nano,
      cost_rem) SELECT ?1, dimension, calls, input, cache_read, cache_write, output, reasoning, ${carried('nano', 'rem')}
      FROM day_sums`),
  ];
  // A late call of such a day is added to its first hour: sums of the others would not know of it.
  const forget = [
    'summed_hour WHERE hour >= ?1 AND hour < ?1 + 24',
    `summary_hour WHERE level IN (${levels.map(({ level }) => level).join(', ')}) AND hour >= ?1 AND hour < ?1 + 24`,
    'summary_quarter WHERE quarter >= ?1 * 4 AND quarter < ?1 * 4 + 96',
  ].map((rows) => db.prepare(`DELETE FROM ${rows}`));
  const clear = db.prepare('DELETE FROM day_sums');
  return (transaction: Transaction, wanted: Micros): boolean => {
    const target = Math.min(wanted, Math.floor(progress.folded / DAY) * DAY);
    if (target <= progress.compacted) return false;
    const hour = next.get(progress.compacted / HOUR, target / HOUR)?.['hour'];
    transaction(() => {
      if (typeof hour !== 'number') {
        progress.move({ compacted: target });
        return;
      }
      const day = Math.floor(hour / 24) * 24;
      for (const statement of [...statements, ...forget]) statement.run(day);
      clear.run();
      progress.move({ compacted: (day + 24) * HOUR });
    });
    return true;
  };
}

/** From then on nobody sees entries before the day; they are taken away in slices. Only where whole days are left. */
function createDropping(db: DatabaseSync, progress: MovingProgress) {
  const oldest = db.prepare('SELECT min(start_us) AS start FROM entry');
  const slice = db.prepare(`SELECT start_us FROM entry ORDER BY start_us LIMIT 1 OFFSET ${SLICE}`);
  const dropEntries = db.prepare('DELETE FROM entry WHERE start_us < ?');
  const dropSpans = db.prepare('DELETE FROM span_index WHERE hour < ?');
  return (transaction: Transaction, wanted: Micros): boolean => {
    const target = Math.min(wanted, progress.compacted);
    if (target > progress.kept) {
      transaction(() => progress.move({ kept: target }));
      return true;
    }
    const start = oldest.get()?.['start'];
    if (typeof start !== 'number' || start >= progress.kept) return false;
    const end = Number(slice.get()?.['start_us'] ?? progress.kept);
    const to = Math.min(progress.kept, Math.max(end, start + 1));
    transaction(() => {
      dropEntries.run(to);
      dropSpans.run(Math.floor(to / HOUR));
    });
    return true;
  };
}
