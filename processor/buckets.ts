import type { Micros } from '../pricing/charge.ts';
import { SpanledgerError } from './errors.ts';
import type { Bucket, CostQuery } from './ledger.ts';
import { HOUR } from './rollup.ts';

const DAY: Micros = 24 * HOUR;
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
 * @example bucketStarts('day', 'America/New_York', …) // 4 a.m. UTC in summer, 5 a.m. in winter
 * @throws SpanledgerError `invalid_query` for an unknown zone or more than 2,000 buckets
 */
export function bucketStarts(bucket: Bucket, timezone: string, from: Micros, to: Micros): Micros[] {
  const zone = zoneOf(timezone);
  const starts = [floor(bucket, zone, from)];
  for (;;) {
    const next = following(bucket, zone, starts.at(-1) ?? from);
    if (next >= to) return starts;
    if (starts.length >= MAX_BUCKETS)
      throw new SpanledgerError(
        'invalid_query',
        `more than ${MAX_BUCKETS} buckets of one ${bucket}: take a shorter range or larger buckets`,
      );
    starts.push(next);
  }
}

/** The local wall clock, as if it were UTC. */
type Zone = (instant: Micros) => Micros;

function zoneOf(timezone: string): Zone {
  if (timezone === 'UTC') return (instant) => instant;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (error) {
    throw new SpanledgerError('invalid_query', `"${timezone}" is no IANA time zone such as "Europe/Berlin" or "UTC"`, {
      cause: error,
    });
  }
  return (instant) => {
    const part = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of format.formatToParts(instant / 1000)) if (type in part) part[type as 'year'] = +value;
    const local = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) * 1000;
    return local + (((instant % 1_000_000) + 1_000_000) % 1_000_000);
  };
}

function floor(bucket: Bucket, zone: Zone, instant: Micros): Micros {
  const local = zone(instant);
  if (bucket === 'hour') {
    const start = instant - (((local % HOUR) + HOUR) % HOUR);
    // Clocks that changed within this hour: it began when they did, found as the last instant of the old clock.
    return zone(start) - start === local - instant ? start : lastChange(zone, start, instant);
  }
  return startOfDate(zone, bucket === 'day' ? Math.floor(local / DAY) * DAY : monthStart(local, 0));
}

function following(bucket: Bucket, zone: Zone, start: Micros): Micros {
  if (bucket === 'hour') {
    const next = start + HOUR;
    const full = floor('hour', zone, next);
    return full > start ? full : next;
  }
  // The start of a day may be later than midnight, never on another date.
  const local = zone(start);
  return startOfDate(zone, bucket === 'day' ? (Math.floor(local / DAY) + 1) * DAY : monthStart(local, 1));
}

function monthStart(local: Micros, plus: number): Micros {
  const date = new Date(local / 1000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + plus, 1) * 1000;
}

/** The first instant whose local date is that of `midnight` (a wall clock as if it were UTC). */
function startOfDate(zone: Zone, midnight: Micros): Micros {
  const offsets = [zone(midnight - DAY) - (midnight - DAY), zone(midnight + DAY) - (midnight + DAY)];
  const candidates = offsets.map((offset) => midnight - offset).toSorted((a, b) => a - b);
  return candidates.find((candidate) => zone(candidate) >= midnight) ?? midnight;
}

/** The instant in (low, high] at which the offset became that of `high`. */
function lastChange(zone: Zone, low: Micros, high: Micros): Micros {
  const offset = zone(high) - high;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone(middle) - middle === offset) high = middle;
    else low = middle;
  }
  return high;
}
