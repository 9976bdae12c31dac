import type { Micros } from '../pricing/charge.ts';
import { calendar, isTimezone } from './budgets/period.ts';
import { SpanledgerError } from './errors.ts';
import type { Bucket, CostQuery } from './ledger.ts';
import { HOUR } from './rollup.ts';

/** More would be no answer that anybody reads: 2,000 hours are 83 days. */
export const MAX_BUCKETS = 2_000;

/** A part of a bucket, and where its sums are read: whole UTC hours from the rollups, the rest from the entries. */
export interface Segment {
  readonly bucketUs: Micros | undefined;
  readonly from: 'rollup' | 'entries';
  /** Inclusive. */
  readonly startUs: Micros;
  /** Exclusive. */
  readonly endUs: Micros;
}

/**
 * Cuts a query's range into what the rollups can answer and what they can't: the ends of a range that does not start or
 * end on a full hour, and bucket boundaries in zones that are not whole hours from UTC (Kolkata, Kathmandu).
 *
 * @throws SpanledgerError `invalid_query` for an unknown zone or more than 2,000 buckets
 */
export function segments(query: Pick<CostQuery, 'from' | 'to' | 'bucket' | 'timezone'>): Segment[] {
  const { from, to, bucket } = query;
  if (to <= from) return [];
  if (bucket === undefined) return cut(undefined, from, to);
  const starts = bucketStarts(bucket, query.timezone, from, to);
  return starts.flatMap((start, index) => cut(start, Math.max(start, from), Math.min(starts[index + 1] ?? to, to)));
}

function cut(bucketUs: Micros | undefined, startUs: Micros, endUs: Micros): Segment[] {
  const first = Math.ceil(startUs / HOUR) * HOUR;
  const last = Math.floor(endUs / HOUR) * HOUR;
  if (first > last) return [{ bucketUs, from: 'entries', startUs, endUs }];
  const parts: Segment[] = [
    { bucketUs, from: 'entries', startUs, endUs: first },
    { bucketUs, from: 'rollup', startUs: first, endUs: last },
    { bucketUs, from: 'entries', startUs: last, endUs },
  ];
  return parts.filter((part) => part.startUs < part.endUs);
}

/**
 * The starts of all buckets that touch [from, to), in an IANA zone. A day is from one local midnight to the next: 23 or
 * 25 hours where clocks change, and from the first instant of the date where midnight does not exist.
 *
 * @example bucketStarts('day', 'America/New_York', from, to) // 4 a.m. UTC in summer, 5 a.m. in winter
 * @throws SpanledgerError `invalid_query` for an unknown zone or more than 2,000 buckets
 */
export function bucketStarts(bucket: Bucket, timezone: string, from: Micros, to: Micros): Micros[] {
  if (!isTimezone(timezone))
    throw new SpanledgerError('invalid_query', `"${timezone}" is no IANA time zone such as "Europe/Berlin" or "UTC"`);
  const periodAt = calendar(bucket, timezone);
  const starts: Micros[] = [];
  for (let period = periodAt(from); period.startUs < to; period = periodAt(period.endUs)) {
    if (starts.length === MAX_BUCKETS)
      throw new SpanledgerError(
        'invalid_query',
        `more than ${MAX_BUCKETS} buckets of one ${bucket}: take a shorter range or larger buckets`,
      );
    starts.push(period.startUs);
  }
  return starts;
}
