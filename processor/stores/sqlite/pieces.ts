import type { DatabaseSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import { segments, type Segment } from '../../buckets.ts';
import type { CostQuery } from '../../ledger.ts';
import { HOUR } from '../../rollup.ts';
import { readProgress, type Progress } from './progress.ts';

const DAY = 24 * HOUR;

/** Where sums are read: days summed up by fewer dimensions, hours (or days, where hours are given up), the entries themselves. */
export type Source = 'summary' | 'rollup' | 'entries';

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
 * @param summed whether a summary answers the query
 */
export function* pieces(db: DatabaseSync, query: CostQuery, summed: boolean): Generator<Piece> {
  const progress = readProgress(db);
  const days = summed ? readDays(db, query) : [];
  for (const segment of segments(query))
    for (const part of split(segment, [progress.kept, progress.compacted])) yield* piecesOf(part, progress, days);
}

function* piecesOf({ bucketUs, from, startUs, endUs }: Segment, progress: Progress, days: readonly Run[]) {
  const entries = (start: Micros, end: Micros): Piece[] =>
    start < end ? [{ bucketUs, source: 'entries', from: start, to: end }] : [];
  if (endUs <= progress.kept) {
    yield* sums(bucketUs, startUs, endUs, days);
    return;
  }
  if (from === 'entries') {
    yield* entries(startUs, endUs);
    return;
  }
  if (endUs > progress.compacted) {
    yield* sums(bucketUs, startUs, endUs, days);
    yield* entries(Math.max(startUs, progress.folded), endUs);
    return;
  }
  const first = Math.min(Math.ceil(startUs / DAY) * DAY, endUs);
  const last = Math.max(Math.floor(endUs / DAY) * DAY, first);
  yield* entries(startUs, first);
  yield* sums(bucketUs, first, last, days);
  yield* entries(last, endUs);
}

/** Summaries of the days that have one, rollups of the rest. */
function* sums(bucketUs: Micros | undefined, startUs: Micros, endUs: Micros, days: readonly Run[]): Generator<Piece> {
  const rollups = (start: Micros, end: Micros): Piece[] => {
    const [from, to] = [Math.ceil(start / HOUR), Math.ceil(end / HOUR)];
    return from < to ? [{ bucketUs, source: 'rollup', from, to }] : [];
  };
  let at = startUs;
  for (const { first, end } of days) {
    const from = Math.max(first, Math.ceil(at / DAY));
    const to = Math.min(end, Math.floor(endUs / DAY));
    if (from >= to) continue;
    yield* rollups(at, from * DAY);
    yield { bucketUs, source: 'summary', from, to };
    at = to * DAY;
  }
  yield* rollups(at, endUs);
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

/** Days that are summed up, one after the other without a gap. */
interface Run {
  readonly first: number;
  readonly end: number;
}

function readDays(db: DatabaseSync, { from, to }: CostQuery): Run[] {
  const runs: { first: number; end: number }[] = [];
  const rows = db
    .prepare('SELECT day FROM summary_day WHERE day >= ? AND day < ? ORDER BY day')
    .all(Math.floor(from / DAY), Math.ceil(to / DAY));
  for (const row of rows) {
    const day = Number(row['day']);
    const last = runs.at(-1);
    if (last?.end === day) last.end = day + 1;
    else runs.push({ first: day, end: day + 1 });
  }
  return runs;
}
