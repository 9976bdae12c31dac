import type { DatabaseSync } from 'node:sqlite';
import { dimensionNames, type DimensionName } from '../../ledger.ts';
import { carried } from './fold.ts';

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

/** Whole days and hours that are summed up; a late call takes its own out until they are summed up again. */
export interface Summary {
  /** Inside the caller's transaction. */
  add(day: number): void;
  addHour(hour: number): void;
  /** Those that the sums of this hour are in. */
  remove(hour: number): void;
  /** The days before `hour` that have sums and are not summed up, the oldest first. */
  missing(hour: number): number[];
  /** The hours from `from` and before `to` that have sums and are not summed up, the oldest first. */
  missingHours(from: number, to: number): number[];
}

export function createSummary(db: DatabaseSync): Summary {
  const lastFaceted = db.prepare('SELECT max(dimension) AS last FROM facet_of');
  const facets = [...levels.map(({ level, kept }) => newFacets(level, kept)), newFacetsOf()].map((sql) =>
    db.prepare(sql),
  );
  const clear = db.prepare('DELETE FROM summary WHERE level = ? AND day = ?');
  const sums = levels.map(({ level, column }) =>
    db.prepare(`WITH part AS (
        SELECT f.${column} AS facet, ${sumsOf()}
        FROM rollup JOIN facet_of f ON f.dimension = rollup.dimension WHERE hour >= ? AND hour < ? GROUP BY 1
      )
      INSERT INTO summary (level, day, facet, calls, input, cache_read, cache_write, output, reasoning, cost_nano, cost_rem)
      SELECT ${level}, ?, facet, calls, input, cache_read, cache_write, output, reasoning, ${carried('nano', 'rem')} FROM part`),
  );
  const clearHour = db.prepare('DELETE FROM summary_hour WHERE hour = ?');
  const sumHour = db.prepare(`WITH part AS (
      SELECT f.${HOURLY.column} AS facet, ${sumsOf()} FROM rollup JOIN facet_of f ON f.dimension = rollup.dimension
      WHERE hour = ? GROUP BY 1
    )
    INSERT INTO summary_hour (hour, facet, calls, input, cache_read, cache_write, output, reasoning, cost_nano, cost_rem)
    SELECT ?, facet, calls, input, cache_read, cache_write, output, reasoning, ${carried('nano', 'rem')} FROM part`);
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

  /** Numbers of dimensions only grow, so what has no facet yet are the last ones. */
  function addFacets(): void {
    const last = Number(lastFaceted.get()?.['last'] ?? 0);
    for (const statement of facets) statement.run(last);
  }

  return {
    add(day) {
      addFacets();
      for (const [index, { level }] of levels.entries()) {
        clear.run(level, day);
        sums[index]?.run(day * 24, (day + 1) * 24, day);
      }
      mark.run(day);
    },
    addHour(hour) {
      addFacets();
      clearHour.run(hour);
      sumHour.run(hour, hour);
      markHour.run(hour);
    },
    remove(hour) {
      unmark.run(Math.floor(hour / 24));
      unmarkHour.run(hour);
    },
    missingHours: (from, to) => hours.all(from, to).map((row) => Number(row['hour'])),
    missing: (hour) => missing.all(Math.floor(hour / 24)).map((row) => Number(row['day'])),
  };
}

function sumsOf(): string {
  const tokens = ['calls', 'input', 'cache_read', 'cache_write', 'output', 'reasoning'];
  return `${tokens.map((name) => `sum(${name}) AS ${name}`).join(', ')}, sum(cost_nano) AS nano, sum(cost_rem) AS rem`;
}

function newFacets(level: number, kept: readonly DimensionName[]): string {
  const values = dimensionNames.map((name) => (kept.includes(name) ? name : "''"));
  return `INSERT OR IGNORE INTO facet (level, ${dimensionNames.join(', ')})
    SELECT DISTINCT ${level}, ${values.join(', ')} FROM dimension WHERE id > ?`;
}

function newFacetsOf(): string {
  const columns = levels.map(({ level, kept }) => {
    const same = dimensionNames.map(
      (name) => `f.${name} = ${(kept as readonly string[]).includes(name) ? `d.${name}` : "''"}`,
    );
    return `(SELECT id FROM facet f WHERE f.level = ${level} AND ${same.join(' AND ')})`;
  });
  return `INSERT INTO facet_of (dimension, ${levels.map(({ column }) => column).join(', ')})
    SELECT d.id, ${columns.join(', ')} FROM dimension d WHERE d.id > ?`;
}
