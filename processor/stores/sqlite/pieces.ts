import type { DatabaseSync } from 'node:sqlite';
import type { CostQuery } from '../../ledger.ts';
import { HOUR } from '../../rollup.ts';
import { pieces, type Piece, type Run } from '../pieces.ts';
import { SMALLEST } from './levels.ts';
import { readProgress } from './progress.ts';
import { QUARTER } from './summary.ts';

const DAY = 24 * HOUR;

/** @param level the one that answers the query */
export function piecesOf(db: DatabaseSync, query: CostQuery, level: number | undefined): Generator<Piece> {
  const progress = readProgress(db);
  if (level === undefined) return pieces(query, progress, { sums: [], entries: [] });
  const read = (sql: string, unit: number): Run[] =>
    readRuns(db, sql, Math.floor(query.from / unit), Math.ceil(query.to / unit));
  const [days, large] = [
    'SELECT day FROM summary_day WHERE day >= ? AND day < ? ORDER BY day',
    'SELECT hour FROM summed_hour WHERE hour >= ? AND hour < ? AND large = 1 ORDER BY hour',
  ];
  const all = 'SELECT hour FROM summed_hour WHERE hour >= ? AND hour < ? ORDER BY hour';
  const isSmallest = level === SMALLEST.level;
  const quarters = isSmallest ? read(large, HOUR).map(({ first, end }) => ({ first: first * 4, end: end * 4 })) : [];
  return pieces(query, progress, {
    sums: [
      { source: 'summary', unit: DAY, runs: read(days, DAY) },
      { source: 'hours', unit: HOUR, runs: read(isSmallest ? all : large, HOUR) },
    ],
    entries: [{ source: 'quarters', unit: QUARTER, runs: quarters }],
  });
}

function readRuns(db: DatabaseSync, sql: string, from: number, to: number): Run[] {
  const runs: { first: number; end: number }[] = [];
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  for (const [at] of statement.iterate(from, to) as unknown as Iterable<[number]>) {
    const last = runs.at(-1);
    if (last?.end === at) last.end = at + 1;
    else runs.push({ first: at, end: at + 1 });
  }
  return runs;
}
