import type { DatabaseSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import { segments, type Segment } from '../../buckets.ts';
import type { CostQuery } from '../../ledger.ts';
import { HOUR } from '../../rollup.ts';
import { readProgress, type Progress } from './progress.ts';

const DAY = 24 * HOUR;

/**
 * Where sums are read: days, or hours, summed up by fewer dimensions; hours of all dimensions (or days, where hours are given
 * up); the entries themselves.
 */
export type Source = 'summary' | 'hours' | 'rollup' | 'entries';

/** Whether days, and hours, that are summed up answer a query. */
export interface Summed {
  readonly days: boolean;
  readonly hours: boolean;
}

/** A stretch of time of one bucket, in the unit of its source: days, hours, microseconds. */
export interface Piece {
  readonly bucketUs: Micros | undefined;
  readonly source: Source;
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/**
 * Every instant of the query is in one piece, so the sums are exact however far the ledger is summed up:
 * - hours: from the rollups, with the entries that these do not hold yet
 * - where only days are left: whole UTC days from the rollups, the rest of a range from the entries
 * - where entries are gone too: each UTC day, with all of its sums, where it begins
 *
 * @param summed which summaries answer the query
 */
export function* pieces(db: DatabaseSync, query: CostQuery, summed: Summed): Generator<Piece> {
  const progress = readProgress(db);
  const levels: readonly Level[] = [
    { source: 'summary', unit: DAY, runs: summed.days ? readRuns(db, 'day', 'summary_day', DAY, query) : [] },
    { source: 'hours', unit: HOUR, runs: summed.hours ? readRuns(db, 'hour', 'summed_hour', HOUR, query) : [] },
  ];
  for (const segment of segments(query))
    for (const part of split(segment, [progress.kept, progress.compacted])) yield* piecesOf(part, progress, levels);
}

function* piecesOf({ bucketUs, from, startUs, endUs }: Segment, progress: Progress, levels: readonly Level[]) {
  const entries = (start: Micros, end: Micros): Piece[] =>
    start < end ? [{ bucketUs, source: 'entries', from: start, to: end }] : [];
  if (endUs <= progress.kept) {
    yield* sums(bucketUs, startUs, endUs, levels);
    return;
  }
  if (from === 'entries') {
    yield* entries(startUs, endUs);
    return;
  }
  if (endUs > progress.compacted) {
    yield* sums(bucketUs, startUs, endUs, levels);
    yield* entries(Math.max(startUs, progress.folded), endUs);
    return;
  }
  const first = Math.min(Math.ceil(startUs / DAY) * DAY, endUs);
  const last = Math.max(Math.floor(endUs / DAY) * DAY, first);
  yield* entries(startUs, first);
  yield* sums(bucketUs, first, last, levels);
  yield* entries(last, endUs);
}

/** Summaries of the days, then of the hours, that have one; rollups of the rest. */
function* sums(
  bucketUs: Micros | undefined,
  startUs: Micros,
  endUs: Micros,
  [level, ...others]: readonly Level[],
): Generator<Piece> {
  if (level === undefined) {
    const [from, to] = [Math.ceil(startUs / HOUR), Math.ceil(endUs / HOUR)];
    if (from < to) yield { bucketUs, source: 'rollup', from, to };
    return;
  }
  const { source, unit, runs } = level;
  let at = startUs;
  for (const { first, end } of runs) {
    const from = Math.max(first, Math.ceil(at / unit));
    const to = Math.min(end, Math.floor(endUs / unit));
    if (from >= to) continue;
    yield* sums(bucketUs, at, from * unit, others);
    yield { bucketUs, source, from, to };
    at = to * unit;
  }
  yield* sums(bucketUs, at, endUs, others);
}

function* split(segment: Segment, at: readonly Micros[]): Generator<Segment> {
  let { startUs } = segment;
  for (const cut of at) {
    if (cut <= startUs || cut >= segment.endUs) continue;
    yield { ...segment, startUs, endUs: cut };
    startUs = cut;
  }
  yield { ...segment, startUs };
}

/** What is summed up by days, or by hours. */
interface Level {
  readonly source: Source;
  /** Microseconds. */
  readonly unit: Micros;
  readonly runs: readonly Run[];
}

/** Days or hours that are summed up, one after the other without a gap. */
interface Run {
  readonly first: number;
  readonly end: number;
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
