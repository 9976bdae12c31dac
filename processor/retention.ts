import type { Micros } from '../pricing/charge.ts';
import { readDuration } from './budgets/duration.ts';

/** Calendar months (UTC), or a time. */
export type Age = { readonly months: number } | { readonly us: Micros };

/** How long a ledger keeps what; undefined: for ever. Sums of days stay for ever in any case. */
export interface Retention {
  /** Sums of hours; then days (UTC) are left. */
  readonly hours: Age | undefined;
  /** The calls themselves; not given up before their hours. */
  readonly entries: Age | undefined;
}

export function defaultRetention(): Retention {
  return { hours: { us: 35 * 86_400_000_000 }, entries: { months: 13 } };
}

/** The instant that is this old at `now`. */
export function startOfAge(age: Age, now: Micros): Micros {
  if ('us' in age) return now - age.us;
  const date = new Date(now / 1000);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - age.months);
  // The last day of a shorter month.
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.getTime() * 1000;
}

/**
 * Throws a RangeError that says how to write it.
 *
 * @example readAge('13 months') // { months: 13 }
 * @example readAge('forever') // undefined
 */
export function readAge(text: string): Age | undefined {
  if (text === 'forever') return undefined;
  const months = /^(\d{1,3}) months?$/.exec(text)?.[1];
  if (months !== undefined && Number(months) > 0) return { months: Number(months) };
  const us = durationOf(text);
  if (us !== undefined && us >= 86_400_000_000) return { us };
  throw new RangeError(`"${text}" is not an age such as 35d, 13 months or forever (a day at least)`);
}

function durationOf(text: string): Micros | undefined {
  try {
    return readDuration(text);
  } catch {
    return undefined;
  }
}
