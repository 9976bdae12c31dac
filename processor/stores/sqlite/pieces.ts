import type { DatabaseSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import type { CostQuery } from '../../ledger.ts';
import { HOUR } from '../../rollup.ts';
import { pieces, type Piece, type Run } from '../pieces.ts';
import { readProgress } from './progress.ts';

const DAY = 24 * HOUR;

/** Whether days, and hours, that are summed up answer a query. */
export interface Summed {
  readonly days: boolean;
  readonly hours: boolean;
}

/** @param summed which summaries answer the query */
export function piecesOf(db: DatabaseSync, query: CostQuery, summed: Summed): Generator<Piece> {
  return pieces(query, readProgress(db), [
    { source: 'summary', unit: DAY, runs: summed.days ? readRuns(db, 'day', 'summary_day', DAY, query) : [] },
    { source: 'hours', unit: HOUR, runs: summed.hours ? readRuns(db, 'hour', 'summed_hour', HOUR, query) : [] },
  ]);
}

function readRuns(
  db: DatabaseSync,
  column: 'day' | 'hour',
  table: 'summary_day' | 'summed_hour',
  unit: Micros,
  { from, to }: Pick<CostQuery, 'from' | 'to'>,
): Run[] {
  const runs: { first: number; end: number }[] = [];
  const statement = db.prepare(
    `SELECT ${column} FROM ${table} WHERE ${column} >= ? AND ${column} < ? ORDER BY ${column}`,
  );
  statement.setReturnArrays(true);
  const rows = statement.iterate(Math.floor(from / unit), Math.ceil(to / unit)) as unknown as Iterable<[number]>;
  for (const [at] of rows) {
    const last = runs.at(-1);
    if (last?.end === at) last.end = at + 1;
    else runs.push({ first: at, end: at + 1 });
  }
  return runs;
}
