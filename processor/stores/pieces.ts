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
 * Where sums are read: days, hours, or quarters of an hour, summed up by fewer dimensions; hours of all dimensions (or days, where
 * hours are given up); the entries themselves.
 */
export type Source = 'summary' | 'hours' | 'quarters' | 'rollup' | 'entries';

/** A stretch of time of one bucket, in the unit of its source: days, hours, microseconds. */
export interface Piece {
  readonly bucketUs: Micros | undefined;
  readonly source: Source;
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** What is summed up by fewer dimensions, where that answers a query. */
export interface Levels {
  /** Days, then hours. */
  readonly sums: readonly Level[];
  /** What else entries are read for. */
  readonly entries: readonly Level[];
}

/**
 * Every instant of the query is in one piece, so the sums are exact however far the ledger is summed up:
 * - hours: from the rollups, with the entries that these do not hold yet
 * - where only days are left: whole UTC days from the rollups, the rest of a range from the entries
 * - where entries are gone too: each UTC day, with all of its sums, where it begins
 *
 * @example [...pieces(query, { folded: Infinity, compacted: 0, kept: 0 }, { sums: [], entries: [] })]
 */
export function* pieces(query: CostQuery, progress: SummedUp, levels: Levels): Generator<Piece> {
  for (const segment of segments(query))
    for (const part of split(segment, [progress.kept, progress.compacted])) yield* piecesOf(part, progress, levels);
}

function* piecesOf({ bucketUs, from, startUs, endUs }: Segment, progress: SummedUp, levels: Levels) {
  const entries = (start: Micros, end: Micros): Iterable<Piece> =>
    pick(bucketUs, start, end, levels.entries, entriesOf);
  const sums = (start: Micros, end: Micros): Iterable<Piece> => pick(bucketUs, start, end, levels.sums, rollupsOf);
  if (endUs <= progress.kept) {
    yield* sums(startUs, endUs);
    return;
  }
  if (from === 'entries') {
    yield* entries(startUs, endUs);
    return;
  }
  if (endUs > progress.compacted) {
    yield* sums(startUs, endUs);
    yield* entries(Math.max(startUs, progress.folded), endUs);
    return;
  }
  const first = Math.min(Math.ceil(startUs / DAY) * DAY, endUs);
  const last = Math.max(Math.floor(endUs / DAY) * DAY, first);
  yield* entries(startUs, first);
  yield* sums(first, last);
  yield* entries(last, endUs);
}

function rollupsOf(startUs: Micros, endUs: Micros): Omit<Piece, 'bucketUs'> {
  return { source: 'rollup', from: Math.ceil(startUs / HOUR), to: Math.ceil(endUs / HOUR) };
}

function entriesOf(from: Micros, to: Micros): Omit<Piece, 'bucketUs'> {
  return { source: 'entries', from, to };
}

/** Summaries of what has one, by the coarsest level first; the rest of the rest. */
function* pick(
  bucketUs: Micros | undefined,
  startUs: Micros,
  endUs: Micros,
  [level, ...others]: readonly Level[],
  rest: (startUs: Micros, endUs: Micros) => Omit<Piece, 'bucketUs'>,
): Generator<Piece> {
  if (level === undefined) {
    const piece = rest(startUs, endUs);
    if (piece.from < piece.to) yield { bucketUs, ...piece };
    return;
  }
  const { source, unit, runs } = level;
  let at = startUs;
  for (const { first, end } of runs) {
    const from = Math.max(first, Math.ceil(at / unit));
    const to = Math.min(end, Math.floor(endUs / unit));
    if (from >= to) continue;
    yield* pick(bucketUs, at, from * unit, others, rest);
    yield { bucketUs, source, from, to };
    at = to * unit;
  }
  yield* pick(bucketUs, at, endUs, others, rest);
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

/** What is summed up by days, hours or quarters. */
export interface Level {
  readonly source: Source;
  /** Microseconds. */
  readonly unit: Micros;
  readonly runs: readonly Run[];
}

/** Units that are summed up, one after the other without a gap. */
export interface Run {
  readonly first: number;
  readonly end: number;
}
