import { weekdays, type Day, type Schedule } from './catalog.ts';
import type { Micros } from './charge.ts';

/** Whether recurring hours are on at an instant. @example isActive({ zone: 'UTC', days: ['mon'], … }, 1_771_207_200_000_000) */
export function isActive(schedule: Schedule, at: Micros): boolean {
  const { date, day, minute } = clockIn(schedule.zone, at);
  if (schedule.days.length > 0 && !schedule.days.includes(day)) return false;
  if (!schedule.windows.some(([from, until]) => from <= minute && minute < until)) return false;
  return schedule.except.length === 0 || !schedule.except.includes(isoDay(date));
}

const QUARTER = 15 * 60_000_000;
const offsets = new Map<string, { readonly quarter: number; readonly minutes: number }>();

/** Zones change their offset on quarter hours at most, so one look at the zone's rules serves a quarter of an hour. */
function clockIn(zone: string, at: Micros): { date: number; day: Day; minute: number } {
  const quarter = Math.floor(at / QUARTER);
  let known = offsets.get(zone);
  if (known?.quarter !== quarter) {
    known = { quarter, minutes: zone === 'UTC' ? 0 : offsetMinutes(zone, quarter * QUARTER) };
    offsets.set(zone, known);
  }
  const local = Math.floor(at / 60_000_000) + known.minutes;
  const minute = ((local % 1440) + 1440) % 1440;
  // The epoch was a Thursday.
  const date = Math.floor(local / 1440);
  const weekday = (((date + 4) % 7) + 7) % 7;
  return { date, day: weekdays[weekday] ?? 'sun', minute };
}

/** From days since the epoch. */
function isoDay(date: number): string {
  return new Date(date * 86_400_000).toISOString().slice(0, 10);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function offsetMinutes(zone: string, at: Micros): number {
  let format = formats.get(zone);
  if (format === undefined) {
    const options = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
    format = new Intl.DateTimeFormat('en-US', { ...options, timeZone: zone, hourCycle: 'h23' });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at / 1000).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return Math.round((Date.UTC(year, month - 1, day, hour, minute) - at / 1000) / 60_000);
}
