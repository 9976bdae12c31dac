import type { DatabaseSync } from 'node:sqlite';
import { dimensionNames, type DimensionName } from '../../ledger.ts';
import { levels } from './levels.ts';

/**
 * Gives dimensions their facets. Their numbers only grow, so what has none yet are the last ones.
 *
 * @returns does so for the next `most` dimensions, inside the caller's transaction; whether there may be more of them
 */
export function createFacets(db: DatabaseSync, most: number): () => boolean {
  const unfaceted = db.prepare(
    'SELECT (SELECT max(dimension) FROM facet_of) AS last, (SELECT max(id) FROM dimension) AS newest',
  );
  const statements = [...levels.map(({ level, kept }) => newFacets(level, kept)), newFacetsOf()].map((sql) =>
    db.prepare(sql),
  );
  return () => {
    const { last, newest } = unfaceted.get() ?? {};
    const from = Number(last ?? 0);
    const to = Math.min(Number(newest ?? 0), from + most);
    if (to > from) for (const statement of statements) statement.run(from, to);
    return to === from + most;
  };
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
