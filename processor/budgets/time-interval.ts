import type { Micros } from '../../pricing/charge.ts';
import type { WallClock } from './period.ts';

/** Both ends belong to it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A time that comes again, as Alertmanager's `time_intervals` say it. An empty list says nothing: every value is in it. */
export interface TimeSpan {
  /** Minutes of the day; the last does not belong to it, as in Alertmanager. */
  readonly times: readonly Range[];
  /** 0 for Sunday. */
  readonly weekdays: readonly Range[];
  /** 1 to 31; -1 is the last day of a month. */
  readonly daysOfMonth: readonly Range[];
  /** 1 to 12. */
  readonly months: readonly Range[];
  readonly years: readonly Range[];
  readonly clock: WallClock;
}

/** It holds where any of its spans does. */
export interface TimeInterval {
  readonly name: string;
  readonly spans: readonly TimeSpan[];
}

/**
 * Whether an instant is in an interval, by the clock on the wall of its `location`.
 *
 * @example isWithin(officeHours, Date.UTC(2026, 10, 26, 9) * 1000) // true: a Thursday
 */
export function isWithin({ spans }: TimeInterval, at: Micros): boolean {
  return spans.some((span) => spanHolds(span, at));
}

function spanHolds({ times, weekdays, daysOfMonth, months, years, clock }: TimeSpan, at: Micros): boolean {
  const wall = new Date(clock(Math.floor(at / 1000)));
  const minute = wall.getUTCHours() * 60 + wall.getUTCMinutes();
  const [year, month, day] = [wall.getUTCFullYear(), wall.getUTCMonth() + 1, wall.getUTCDate()];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const fromStart = (value: number): number => (value < 0 ? last + 1 + value : value);
  const days = daysOfMonth.map(({ from, to }) => ({ from: fromStart(from), to: fromStart(to) }));
  return (
    (times.length === 0 || times.some(({ from, to }) => from <= minute && minute < to)) &&
    holds(weekdays, wall.getUTCDay()) &&
    holds(days, day) &&
    holds(months, month) &&
    holds(years, year)
  );
}

function holds(ranges: readonly Range[], value: number): boolean {
  return ranges.length === 0 || ranges.some(({ from, to }) => from <= value && value <= to);
}
