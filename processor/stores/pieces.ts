import type { Micros } from '../../pricing/charge.ts';
import { segments, type Segment } from '../buckets.ts';
import type { CostQuery } from '../ledger.ts';
import { HOUR } from '../rollup.ts';

const DAY = 24 * HOUR;

/** How far a ledger is summed up: `kept` <= `compacted` <= `folded`, as starts of calls. */
export interface SummedUp {
  /** Entries before it are in the rollups, later ones are entries alone. */
  readonly folded: Micros;
  /** Before it the rollups hold days, under their first hour. */
  readonly compacted: Micros;
  /** Entries before it are gone. */
  readonly kept: Micros;
}

/**
 * Where sums are read: days, or hours, summed up by fewer dimensions; hours of all dimensions (or days, where hours are given
 * up); the entries themselves.
 */
export type Source = 'summary' | 'hours' | 'rollup' | 'entries';

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
 * @param levels what is summed up by fewer dimensions, where that answers the query; the coarsest first
 * @example [...pieces(query, { folded: Infinity, compacted: 0, kept: 0 }, [])]
 */
export function* pieces(query: CostQuery, progress: SummedUp, levels: readonly Level[]): Generator<Piece> {
  for (const segment of segments(query))
    for (const part of split(segment, [progress.kept, progress.compacted])) yield* piecesOf(part, progress, levels);
}

function* piecesOf({ bucketUs, from, startUs, endUs }: Segment, progress: SummedUp, levels: readonly Level[]) {
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
export interface Level {
  readonly source: Source;
  /** Microseconds. */
  readonly unit: Micros;
  readonly runs: readonly Run[];
}

/** Days or hours that are summed up, one after the other without a gap. */
export interface Run {
  readonly first: number;
  readonly end: number;
}
