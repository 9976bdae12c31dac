import type { DatabaseSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import { HOUR } from '../../rollup.ts';
import { createFacets } from './facets.ts';
import { addTo, carried, entrySums } from './fold.ts';
import { levels, SMALLEST } from './levels.ts';

/** Sums taken in at a time: the event loop waits meanwhile, some 20 ms. An hour with more is a large one. */
const PART = 1_024;
export const QUARTER: Micros = HOUR / 4;

/** The last sum that was taken in. */
export interface Mark {
  readonly hour: number;
  readonly dimension: number;
  /** All sums of the hour are in, and its entries before that. */
  readonly startUs?: Micros;
}

/** Whole days and hours that are summed up; a late call takes its own out until they are summed up again. */
export interface Summary {
  /**
   * Takes in one part, inside the caller's transaction; the day counts when its last part is in.
   *
   * @param after how far the parts before came; undefined begins. Where the day's sums have changed since, it has to begin again
   * @returns the same for the next part; undefined where this was the last
   */
  add(day: number, after: Mark | undefined): Mark | undefined;
  addHour(hour: number, after: Mark | undefined): Mark | undefined;
  /** Whether an hour has more sums than are taken in at a time. */
  isLarge(hour: number): boolean;
  /** Those that the sums of this hour are in. */
  remove(hour: number): void;
  /** The days before `hour` that have sums and are not summed up, the oldest first. */
  missing(hour: number): number[];
  /** The hours from `from` and before `to` that have sums and are not summed up, the oldest first. */
  missingHours(from: number, to: number): number[];
}

/**
 * - Days are by all levels, made of large hours where those are summed up, else of rollups.
 * - Hours are by the smallest level. Large ones are by all levels, and by quarters of the smallest: the others are read as fast
 *   from the rollups and entries.
 */
export function createSummary(db: DatabaseSync): Summary {
  const addFacets = createFacets(db, PART);
  const clearDay = db.prepare('DELETE FROM summary WHERE day = ? AND level = ?');
  const dayOfRollups = levels.map(({ level, column }) =>
    db.prepare(`${partOf(column)} ${insert('summary', `${level}, ?`, 'level, day')}`),
  );
  const dayOfHour = levels.map(({ level }) =>
    db.prepare(`WITH part AS (SELECT facet, ${tokens.join(', ')}, cost_nano AS nano, cost_rem AS rem
      FROM summary_hour WHERE level = ${level} AND hour = ?) ${insert('summary', `${level}, ?`, 'level, day')}`),
  );
  const clearHour = db.prepare('DELETE FROM summary_hour WHERE hour = ? AND level = ?');
  const hourOfRollups = levels.map(({ level, column }) =>
    db.prepare(`${partOf(column)} ${insert('summary_hour', `${level}, ?`, 'level, hour')}`),
  );
  const clearQuarters = db.prepare('DELETE FROM summary_quarter WHERE quarter >= ? AND quarter < ?');
  const quarters = db.prepare(`WITH part AS (
      SELECT start_us / ${QUARTER} AS quarter, f.${SMALLEST.column} AS facet, ${entrySums}
      FROM entry e JOIN facet_of f ON f.dimension = e.dimension WHERE start_us >= ? AND start_us < ? GROUP BY 1, 2
    ) ${insert('summary_quarter', 'quarter', 'quarter')}`);
  const endOfPart = db.prepare(`SELECT hour, dimension FROM rollup WHERE (hour, dimension) > (?, ?) AND hour < ?
    ORDER BY hour, dimension LIMIT 1 OFFSET ${PART - 1}`);
  const endOfEntries = db.prepare(`SELECT start_us FROM entry WHERE start_us >= ? AND start_us < ?
    ORDER BY start_us LIMIT 1 OFFSET ${PART}`);
  const nextLarge = db.prepare(
    'SELECT hour FROM summed_hour WHERE hour >= ? AND hour < ? AND large = 1 ORDER BY hour LIMIT 1',
  );
  const sizes = levels.map(({ level }) =>
    db.prepare(`SELECT count(*) AS n FROM summary_hour WHERE level = ${level} AND hour = ?`),
  );
  const mark = db.prepare('INSERT OR IGNORE INTO summary_day (day) VALUES (?)');
  const unmark = db.prepare('DELETE FROM summary_day WHERE day = ?');
  const markHour = db.prepare('INSERT OR REPLACE INTO summed_hour (hour, large) VALUES (?, ?)');
  const unmarkHour = db.prepare('DELETE FROM summed_hour WHERE hour = ?');
  const hours = db.prepare(
    `WITH RECURSIVE hours (hour) AS (
       SELECT min(hour) FROM rollup WHERE hour >= ?1
       UNION ALL SELECT (SELECT min(hour) FROM rollup WHERE hour > hours.hour) FROM hours WHERE hour < ?2
     )
     SELECT hour FROM hours WHERE hour < ?2 AND hour NOT IN (SELECT hour FROM summed_hour)`,
  );
  const missing = db.prepare(
    `WITH RECURSIVE days (day) AS (
       SELECT min(hour) / 24 FROM rollup
       UNION ALL SELECT (SELECT min(hour) / 24 FROM rollup WHERE hour >= (days.day + 1) * 24) FROM days WHERE day IS NOT NULL
     )
     SELECT day FROM days WHERE day < ? AND day NOT IN (SELECT day FROM summary_day)`,
  );

  /** Takes in rollups after `after` and before the hour `to`, as many as are taken at a time; undefined where these were the last. */
  function addRollups(after: Mark, to: number, add: (last: Mark, more: boolean) => void): Mark | undefined {
    if (addFacets()) return after;
    const row = endOfPart.get(after.hour, after.dimension, to);
    const end = row === undefined ? undefined : { hour: Number(row['hour']), dimension: Number(row['dimension']) };
    add(end ?? { hour: to, dimension: 0 }, end !== undefined);
    return end;
  }

  /** The rest of an hour whose rollups are in: its entries, as many as are taken at a time. */
  function addEntries(hour: number, startUs: Micros): Mark | undefined {
    const to = (hour + 1) * HOUR;
    const row = endOfEntries.get(startUs, to);
    const end = row === undefined ? to : Math.max(Number(row['start_us']), startUs + 1);
    quarters.run(startUs, end);
    return end < to ? { hour, dimension: 0, startUs: end } : undefined;
  }

  const isFew = (hour: number): boolean => sizes.every((size) => Number(size.get(hour)?.['n']) <= PART);

  function addToDay(day: number, after: Mark): Mark | undefined {
    const to = (day + 1) * 24;
    const on = (hour: number): Mark | undefined => (hour < to ? { hour, dimension: 0 } : undefined);
    const large = nextLarge.get(after.hour, to)?.['hour'];
    if (large === after.hour && after.dimension === 0 && isFew(after.hour)) {
      for (const statement of dayOfHour) statement.run(after.hour, day);
      return on(after.hour + 1);
    }
    const until = large === undefined ? to : large === after.hour ? after.hour + 1 : Number(large);
    const end = addRollups(after, until, (last) => {
      for (const sum of dayOfRollups) sum.run(after.hour, after.dimension, last.hour, last.dimension, day);
    });
    return end ?? on(until);
  }

  function addToHour(hour: number, after: Mark): Mark | undefined {
    if (after.startUs !== undefined) {
      const end = addEntries(hour, after.startUs);
      if (end === undefined) markHour.run(hour, 1);
      return end;
    }
    let isLarge = after.dimension > 0;
    const end = addRollups(after, hour + 1, (last, more) => {
      isLarge ||= more;
      for (const sum of isLarge ? hourOfRollups : hourOfRollups.slice(0, 1))
        sum.run(after.hour, after.dimension, last.hour, last.dimension, hour);
    });
    if (end !== undefined) return end;
    if (isLarge) return { hour, dimension: 0, startUs: hour * HOUR };
    markHour.run(hour, 0);
    return undefined;
  }

  return {
    add(day, after) {
      if (after !== undefined) {
        const end = addToDay(day, after);
        if (end === undefined) mark.run(day);
        return end;
      }
      for (const { level } of levels) clearDay.run(day, level);
      return { hour: day * 24, dimension: 0 };
    },
    addHour(hour, after) {
      if (after !== undefined) return addToHour(hour, after);
      for (const { level } of levels) clearHour.run(hour, level);
      clearQuarters.run(hour * 4, hour * 4 + 4);
      return addToHour(hour, { hour, dimension: 0 });
    },
    isLarge: (hour) => endOfPart.get(hour, 0, hour + 1) !== undefined,
    remove(hour) {
      unmark.run(Math.floor(hour / 24));
      unmarkHour.run(hour);
    },
    missingHours: (from, to) => hours.all(from, to).map((row) => Number(row['hour'])),
    missing: (hour) => missing.all(Math.floor(hour / 24)).map((row) => Number(row['day'])),
  };
}

const tokens = ['calls', 'input', 'cache_read', 'cache_write', 'output', 'reasoning'];

/** `part`: sums by facet of what stands after one key of `rollup` up to another. Numbers of dimensions begin at 1. */
function partOf(column: string): string {
  return `WITH part AS (
    SELECT f.${column} AS facet, ${tokens.map((name) => `sum(${name}) AS ${name}`).join(', ')},
      sum(cost_nano) AS nano, sum(cost_rem) AS rem
    FROM rollup r JOIN facet_of f ON f.dimension = r.dimension
    WHERE (r.hour, r.dimension) > (?, ?) AND (r.hour, r.dimension) <= (?, ?) GROUP BY 1
  )`;
}

/**
 * Adds `part` to a table.
 *
 * @param values of the columns of its key, as SQL
 * @param key these columns, without the facet
 */
function insert(table: string, values: string, key: string): string {
  return `INSERT INTO ${table} (${key}, facet, ${tokens.join(', ')}, cost_nano, cost_rem)
    SELECT ${values}, facet, ${tokens.join(', ')}, ${carried('nano', 'rem')}
    FROM part WHERE true ${addTo(`${key}, facet`)}`;
}
