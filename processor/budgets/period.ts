import type { Micros } from '../../pricing/charge.ts';

export const periodKinds = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;
export type PeriodKind = (typeof periodKinds)[number];

/** A calendar period, or a window that rolls, as it stands: from `startUs` (inclusive, its identity) to `endUs` (exclusive). */
export interface Period {
  readonly kind: PeriodKind | 'rolling';
  readonly startUs: Micros;
  readonly endUs: Micros;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * The calendar of a budget: which period an instant falls into, in an IANA zone. Weeks begin on Monday. Periods follow one
 * another without gap or overlap even where a day has 23 or 25 hours, starts at 01:00 or is left out. The periods asked
 * for last are remembered, and are then the same object.
 *
 * @param anchor where months and weeks begin: a day of the month (a shorter month's last day where it lacks it), or a
 *   weekday, 0 for Sunday; undefined: as on the calendar
 * @example calendar('month', 'Europe/Berlin')(Date.UTC(2026, 10, 25) * 1000) // from 31 October 23:00 UTC
 */
export function calendar(kind: PeriodKind, timezone: string, anchor?: number): (at: Micros) => Period {
  const clock = wallClock(timezone);
  let recent: readonly Period[] = [];
  return (at) => {
    const known = recent.find((period) => period.startUs <= at && at < period.endUs);
    if (known !== undefined) return known;
    const atMs = Math.floor(at / 1000);
    const [startMs, endMs] = kind === 'hour' ? hourAt(clock, atMs) : daysAt(clock, kind, atMs, anchor);
    const period = { kind, startUs: startMs * 1000, endUs: endMs * 1000 };
    recent = [period, ...recent.slice(0, 7)];
    return period;
  };
}

/** @example isTimezone('Europe/Berlin') // true */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0);
    return true;
  } catch {
    return false;
  }
}

/**
 * The weekday of an instant in an IANA zone, 0 for Sunday.
 *
 * @example weekdayIn('Asia/Tokyo')(Date.UTC(2026, 10, 25, 16) * 1000) // 4: Thursday has begun there
 */
export function weekdayIn(timezone: string): (at: Micros) => number {
  const clock = wallClock(timezone);
  return (at) => new Date(clock(Math.floor(at / 1000))).getUTCDay();
}

/** What a clock on the wall shows at an instant, as the milliseconds that it would be in UTC. */
export type WallClock = (atMs: number) => number;

/** The clock on the wall of an IANA zone. */
export function wallClock(timezone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (atMs) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(atMs)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) + (((atMs % 1000) + 1000) % 1000);
  };
}

/** Hours of the wall's clock; a zone that moves its clock by half an hour has, there, an hour of 30 minutes. */
function hourAt(clock: WallClock, atMs: number): readonly [number, number] {
  const offset = clock(atMs) - atMs;
  let start = Math.floor((atMs + offset) / HOUR) * HOUR - offset;
  let end = start + HOUR;
  const sameOffset = (ms: number): boolean => clock(ms) - ms === offset;
  if (!sameOffset(start)) start = firstWhere(start, atMs, sameOffset);
  if (!sameOffset(end - 1)) end = firstWhere(atMs, end, (ms) => !sameOffset(ms));
  return [start, end];
}

function daysAt(
  clock: WallClock,
  kind: Exclude<PeriodKind, 'hour'>,
  atMs: number,
  anchor: number | undefined,
): readonly [number, number] {
  const today = new Date(clock(atMs));
  const boundary = (offset: number): number => instantOf(clock, midnight(kind, today, offset, anchor));
  let index = 0;
  // Where the clock goes back over midnight, the date shown may be that of the neighbour.
  while (atMs >= boundary(index + 1)) index++;
  while (atMs < boundary(index)) index--;
  return [boundary(index), boundary(index + 1)];
}

/** The midnight, on the wall, at which the period `offset` periods after that of `today` begins. */
function midnight(kind: Exclude<PeriodKind, 'hour'>, today: Date, offset: number, anchor = 1): number {
  const [year, month, day] = [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()];
  const weekStart = day - ((today.getUTCDay() - anchor + 7) % 7);
  const inMonth = (index: number): number => Math.min(anchor, new Date(Date.UTC(year, index + 1, 0)).getUTCDate());
  const running = day < inMonth(month) ? month - 1 : month;
  const starts = {
    day: () => Date.UTC(year, month, day + offset),
    week: () => Date.UTC(year, month, weekStart + 7 * offset),
    month: () => Date.UTC(year, running + offset, inMonth(running + offset)),
    quarter: () => Date.UTC(year, month - (month % 3) + 3 * offset),
    year: () => Date.UTC(year + offset, 0),
  };
  return starts[kind]();
}

/** The first instant at which the wall's clock shows `wall`, or where that time is left out, the first one after. */
function instantOf(clock: WallClock, wall: number): number {
  const offsets = [clock(wall - DAY) - (wall - DAY), clock(wall + DAY) - (wall + DAY)];
  const [early = wall, late = wall] = offsets.map((offset) => wall - offset).toSorted((a, b) => a - b);
  for (const candidate of [early, late]) if (clock(candidate) === wall) return candidate;
  return firstWhere(early, late, (ms) => clock(ms) >= wall);
}

/** The first millisecond in (low, high] where `test` holds, which it does from there to `high`. */
function firstWhere(low: number, high: number, test: (ms: number) => boolean): number {
  let [below, above] = [low, high];
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (test(middle)) above = middle;
    else below = middle;
  }
  return above;
}
