import type { Micros } from '../../pricing/charge.ts';

const MINUTE: Micros = 60_000_000;
const HOUR: Micros = 60 * MINUTE;
const DAY: Micros = 24 * HOUR;
/** The largest first. */
const sizes: readonly Micros[] = [DAY, 6 * HOUR, HOUR, 15 * MINUTE, 5 * MINUTE, MINUTE];
/** A window moves on by at most a fifth of itself. */
const LEAST = 5;
export const SHORTEST_US = LEAST * MINUTE;

/**
 * The steps by which a window rolls: the largest that divides it into five or more. Throws a RangeError where none does.
 * A window of 24 hours is the running hour and the 23 before it: what is told was really spent within 24 hours.
 *
 * @example stepOf(86_400_000_000) // 3_600_000_000
 */
export function stepOf(windowUs: Micros): Micros {
  const step = sizes.find((size) => windowUs % size === 0 && windowUs / size >= LEAST);
  if (step !== undefined) return step;
  throw new RangeError('a window is 5 minutes or longer, in whole minutes');
}
