import type { Micros } from '../../pricing/charge.ts';
import { bucketStarts } from '../buckets.ts';

const AGO = /^-(\d{1,6})([mhdw])$/;
const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)$/;
const unitUs: Readonly<Record<string, Micros>> = {
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
  w: 604_800_000_000,
};

/**
 * Reads `-30d`, `-12h`, `now`, a day (its first instant in `timezone`) or an ISO 8601 instant with its offset. Throws a
 * RangeError that says what is allowed.
 *
 * @example readTime('-30d', now, 'UTC')
 * @example readTime('2026-11-01', now, 'Asia/Kolkata') // 2026-10-31T18:30:00Z
 */
export function readTime(text: string, now: Micros, timezone: string): Micros {
  if (text === 'now') return now;
  const [, count, unit = ''] = AGO.exec(text) ?? [];
  if (count !== undefined) return Math.max(0, now - Number(count) * (unitUs[unit] ?? 0));
  const day = DAY.exec(text);
  if (day !== null) return startOfDay(text, day, timezone);
  // A space stands for a plus sign that was not written as %2B.
  const [, seconds = '', fraction = '', offset = ''] = INSTANT.exec(text.replace(' ', '+')) ?? [];
  const ms = Date.parse(`${seconds}${offset.toUpperCase()}`);
  if (seconds === '' || Number.isNaN(ms)) throw wrong(text);
  return ms * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

function startOfDay(text: string, [, year, month, day]: readonly string[], timezone: string): Micros {
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(day)) * 1000;
  if (!isoTime(utc).startsWith(text)) throw new RangeError(`"${text}" is not a day of the calendar`);
  const local = new Intl.DateTimeFormat('sv', { timeZone: timezone });
  const around = bucketStarts('day', timezone, utc - 2 * DAY_US, utc + 2 * DAY_US);
  const start = around.find((candidate) => local.format(candidate / 1000) === text);
  if (start === undefined) throw new RangeError(`"${text}" does not exist in ${timezone}`);
  return start;
}
const DAY_US: Micros = 86_400_000_000;

function wrong(text: string): RangeError {
  return new RangeError(
    `"${text}" is no time; write an instant with its offset (2026-11-01T12:00:00Z), a day (2026-11-01), or -30d, -12h, -90m, now`,
  );
}

/** @example isoTime(1_793_491_260_000_000) // '2026-11-01T00:01:00.000Z' */
export function isoTime(us: Micros): string {
  const iso = new Date(Math.floor(us / 1000)).toISOString();
  const micros = ((us % 1000) + 1000) % 1000;
  return micros === 0 ? iso : iso.replace('Z', `${String(micros).padStart(3, '0')}Z`);
}
