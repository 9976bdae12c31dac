import type { Micros } from '../../pricing/charge.ts';

/** Prometheus' units, the largest first: the order in which they may be written. */
const units: readonly (readonly [string, number])[] = [
  ['y', 365 * 86_400],
  ['w', 7 * 86_400],
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];
const SHAPE = /^(?=\d)(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/** @example durationText(86_400_000_000) // '1d' */
export function durationText(us: Micros): string {
  let left = Math.round(us / 1_000_000);
  let text = '';
  // Years and weeks are left out: nobody thinks of 30 days as of 4 weeks and 2 days.
  for (const [unit, size] of units.slice(2)) {
    const count = Math.floor(left / size);
    if (count > 0) text += `${count}${unit}`;
    left -= count * size;
  }
  return text === '' ? '0s' : text;
}

/**
 * Reads a duration as Prometheus writes it, to the second. Throws a RangeError that says how to write it.
 *
 * @example readDuration('1h30m') // 5_400_000_000
 */
export function readDuration(text: string): Micros {
  const match = SHAPE.exec(text);
  const seconds =
    match === null ? NaN : units.reduce((sum, [, size], index) => sum + Number(match[index + 1] ?? 0) * size, 0);
  if (!(seconds <= 366 * 86_400))
    throw new RangeError(`"${text}" is not a duration such as 30s, 10m or 1h30m (a year at most)`);
  return seconds * 1_000_000;
}
