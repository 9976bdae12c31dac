import type { DatabaseSync } from 'node:sqlite';
import { dimensionNames, type DimensionName } from '../../ledger.ts';
import { addTo, carried } from './fold.ts';

/**
 * Days summed up for the questions that are asked most: by feature and plan, by customer, and by everything but whose it is.
 * A `facet` is a set of dimensions with only the kept ones; `facet_of` tells which one a set of dimensions is a part of. The
 * smallest level that answers comes first.
 */
export const levels = [
  { level: 3, column: 'facet_feature', kept: ['feature', 'plan', 'environment', 'status'] },
  { level: 1, column: 'facet_customer', kept: ['customer_id', 'plan', 'environment', 'service', 'status'] },
  {
    level: 2,
    column: 'facet_model',
    kept: ['feature', 'plan', 'team', 'environment', 'service', 'provider', 'model', 'tier', 'status'],
  },
] as const satisfies readonly { level: number; column: string; kept: readonly DimensionName[] }[];

/** Of this level hours are summed up too, for days of other zones than UTC, and for what is left of a range besides its days. */
export const HOURLY = levels[0];

/** The level that answers a question by these dimensions; undefined where none does. */
export function levelFor(names: readonly string[]): number | undefined {
  return levels.find(({ kept }) => names.every((name) => (kept as readonly string[]).includes(name)))?.level;
}

/** Sums taken in at a time: the event loop waits meanwhile, some 20 ms. */
const PART = 2_048;

/** The last sum that was taken in. */
export interface Mark {
  readonly hour: number;
  readonly dimension: number;
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
  /** Those that the sums of this hour are in. */
  remove(hour: number): void;
  /** The days before `hour` that have sums and are not summed up, the oldest first. */
  missing(hour: number): number[];
  /** The hours from `from` and before `to` that have sums and are not summed up, the oldest first. */
  missingHours(from: number, to: number): number[];
}

export function createSummary(db: DatabaseSync): Summary {
  const unfaceted = db.prepare(
    'SELECT (SELECT max(dimension) FROM facet_of) AS last, (SELECT max(id) FROM dimension) AS newest',
  );
  const facets = [...levels.map(({ level, kept }) => newFacets(level, kept)), newFacetsOf()].map((sql) =>
    db.prepare(sql),
  );
  const clear = db.prepare('DELETE FROM summary WHERE day = ? AND level = ?');
  const sums = levels.map(({ level, column }) =>
    db.prepare(`${partOf(column)}
      INSERT INTO summary (level, day, facet, calls, input, cache_read, cache_write, output, reasoning, cost_nano, cost_rem)
      SELECT ${level}, ?, facet, calls, input, cache_read, cache_write, output, reasoning, ${carried('nano', 'rem')}
      FROM part WHERE true ${addTo('level, day, facet')}`),
  );
  const clearHour = db.prepare('DELETE FROM summary_hour WHERE hour = ?');
  const sumHour = db.prepare(`${partOf(HOURLY.column)}
    INSERT INTO summary_hour (hour, facet, calls, input, cache_read, cache_write, output, reasoning, cost_nano, cost_rem)
    SELECT ?, facet, calls, input, cache_read, cache_write, output, reasoning, ${carried('nano', 'rem')}
    FROM part WHERE true ${addTo('hour, facet')}`);
  const endOfPart = db.prepare(`SELECT hour, dimension FROM rollup WHERE (hour, dimension) > (?, ?) AND hour < ?
    ORDER BY hour, dimension LIMIT 1 OFFSET ${PART - 1}`);
  const mark = db.prepare('INSERT OR IGNORE INTO summary_day (day) VALUES (?)');
  const unmark = db.prepare('DELETE FROM summary_day WHERE day = ?');
  const markHour = db.prepare('INSERT OR IGNORE INTO summed_hour (hour) VALUES (?)');
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

  /** Numbers of dimensions only grow, so what has no facet yet are the last ones. Whether there may be more of them. */
  function addFacets(): boolean {
    const { last, newest } = unfaceted.get() ?? {};
    const from = Number(last ?? 0);
    const to = Math.min(Number(newest ?? 0), from + PART);
    if (to > from) for (const statement of facets) statement.run(from, to);
    return to === from + PART;
  }

  /** Takes in sums after `after` and before the hour `to`, as many as are taken at a time; undefined where these were the last. */
  function addPart(after: Mark, to: number, add: (from: Mark, last: Mark) => void): Mark | undefined {
    if (addFacets()) return after;
    const row = endOfPart.get(after.hour, after.dimension, to);
    const end = row === undefined ? undefined : { hour: Number(row['hour']), dimension: Number(row['dimension']) };
    add(after, end ?? { hour: to, dimension: 0 });
    return end;
  }

  return {
    add(day, after) {
      const [first, to] = [{ hour: day * 24, dimension: 0 }, (day + 1) * 24];
      if (after === undefined) {
        for (const { level } of levels) clear.run(day, level);
        return first;
      }
      const end = addPart(after, to, (from, last) => {
        for (const sum of sums) sum.run(from.hour, from.dimension, last.hour, last.dimension, day);
      });
      if (end === undefined) mark.run(day);
      return end;
    },
    addHour(hour, after) {
      if (after === undefined) clearHour.run(hour);
      const end = addPart(after ?? { hour, dimension: 0 }, hour + 1, (from, last) => {
        sumHour.run(from.hour, from.dimension, last.hour, last.dimension, hour);
      });
      if (end === undefined) markHour.run(hour);
      return end;
    },
    remove(hour) {
      unmark.run(Math.floor(hour / 24));
      unmarkHour.run(hour);
    },
    missingHours: (from, to) => hours.all(from, to).map((row) => Number(row['hour'])),
    missing: (hour) => missing.all(Math.floor(hour / 24)).map((row) => Number(row['day'])),
  };
}

/** `part`: sums by facet of what stands after one key of `rollup` up to another. Numbers of dimensions begin at 1. */
function partOf(column: string): string {
  const tokens = ['calls', 'input', 'cache_read', 'cache_write', 'output', 'reasoning'];
  return `WITH part AS (
    SELECT f.${column} AS facet, ${tokens.map((name) => `sum(${name}) AS ${name}`).join(', ')},
      sum(cost_nano) AS nano, sum(cost_rem) AS rem
    FROM rollup r JOIN facet_of f ON f.dimension = r.dimension
    WHERE (r.hour, r.dimension) > (?, ?) AND (r.hour, r.dimension) <= (?, ?) GROUP BY 1
  )`;
}

function newFacets(level: number, kept: readonly DimensionName[]): string {
  const values = dimensionNames.map((name) => (kept.includes(name) ? name : "''"));
  return `INSERT OR IGNORE INTO facet (level, ${dimensionNames.join(', ')})
    SELECT DISTINCT ${level}, ${values.join(', ')} FROM dimension WHERE id > ? AND id <= ?`;
}

function newFacetsOf(): string {
  const columns = levels.map(({ level, kept }) => {
    const same = dimensionNames.map(
      (name) => `f.${name} = ${(kept as readonly string[]).includes(name) ? `d.${name}` : "''"}`,
    );
    return `(SELECT id FROM facet f WHERE f.level = ${level} AND ${same.join(' AND ')})`;
  });
  return `INSERT INTO facet_of (dimension, ${levels.map(({ column }) => column).join(', ')})
    SELECT d.id, ${columns.join(', ')} FROM dimension d WHERE d.id > ? AND d.id <= ?`;
}
