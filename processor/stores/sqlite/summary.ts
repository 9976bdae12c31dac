import type { DatabaseSync } from 'node:sqlite';
import { dimensionNames, type DimensionName } from '../../ledger.ts';
import { carried } from './fold.ts';

/**
 * Days summed up for the questions that are asked most: by customer, and by everything but whose it is. A `facet` is a set of
 * dimensions with only the kept ones; `facet_of` tells which one a set of dimensions is a part of.
 */
export const levels = [
  { level: 1, column: 'facet_customer', kept: ['customer_id', 'plan', 'status'] },
  {
    level: 2,
    column: 'facet_model',
    kept: ['feature', 'plan', 'team', 'environment', 'service', 'provider', 'model', 'tier', 'status'],
  },
] as const satisfies readonly { level: number; column: string; kept: readonly DimensionName[] }[];

/** The level that answers a question by these dimensions; undefined where none does. */
export function levelFor(names: readonly string[]): number | undefined {
  return levels.find(({ kept }) => names.every((name) => (kept as readonly string[]).includes(name)))?.level;
}

/** Whole days that are summed up; a late call takes its day out until it is summed up again. */
export interface Summary {
  /** Inside the caller's transaction. */
  add(day: number): void;
  remove(day: number): void;
  /** The days before `hour` that have sums and are not summed up, the oldest first. */
  missing(hour: number): number[];
}

export function createSummary(db: DatabaseSync): Summary {
  const lastFaceted = db.prepare('SELECT max(dimension) AS last FROM facet_of');
  const facets = [...levels.map(({ level, kept }) => newFacets(level, kept)), newFacetsOf()].map((sql) =>
    db.prepare(sql),
  );
  const clear = db.prepare('DELETE FROM summary WHERE level = ? AND day = ?');
  const sums = levels.map(({ level, column }) =>
    db.prepare(`WITH part AS (
        SELECT f.${column} AS facet, sum(calls) AS calls, sum(input) AS input, sum(cache_read) AS cache_read,
          sum(cache_write) AS cache_write, sum(output) AS output, sum(reasoning) AS reasoning,
          sum(cost_nano) AS nano, sum(cost_rem) AS rem
        FROM rollup JOIN facet_of f ON f.dimension = rollup.dimension WHERE hour >= ? AND hour < ? GROUP BY 1
      )
      INSERT INTO summary (level, day, facet, calls, input, cache_read, cache_write, output, reasoning, cost_nano, cost_rem)
      SELECT ${level}, ?, facet, calls, input, cache_read, cache_write, output, reasoning, ${carried('nano', 'rem')} FROM part`),
  );
  const mark = db.prepare('INSERT OR IGNORE INTO summary_day (day) VALUES (?)');
  const unmark = db.prepare('DELETE FROM summary_day WHERE day = ?');
  const missing = db.prepare(
    `WITH RECURSIVE days (day) AS (
       SELECT min(hour) / 24 FROM rollup
       UNION ALL SELECT (SELECT min(hour) / 24 FROM rollup WHERE hour >= (days.day + 1) * 24) FROM days WHERE day IS NOT NULL
     )
     SELECT day FROM days WHERE day < ? AND day NOT IN (SELECT day FROM summary_day)`,
  );
  return {
    add(day) {
      // Numbers of dimensions only grow, so what has no facet yet are the last ones.
      const last = Number(lastFaceted.get()?.['last'] ?? 0);
      for (const statement of facets) statement.run(last);
      for (const [index, { level }] of levels.entries()) {
        clear.run(level, day);
        sums[index]?.run(day * 24, (day + 1) * 24, day);
      }
      mark.run(day);
    },
    remove(day) {
      unmark.run(day);
    },
    missing: (hour) => missing.all(Math.floor(hour / 24)).map((row) => Number(row['day'])),
  };
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
