import { isRolling, type Rule } from './rule.ts';
import { weekdayNames } from './load-time-intervals.ts';

/**
 * Reads where a period begins: a day of the month, or a weekday (as 0 for Sunday). Throws a RangeError where the period has
 * no such place. A period that could not be read makes no second mistake.
 */
export function readAnchor(text: string, period: Rule['period'] | undefined): number | undefined {
  if (period === undefined) return undefined;
  if (period === 'month') {
    if (/^([1-9]|[12]\d|3[01])$/.test(text)) return Number(text);
    throw new RangeError(`"${text}" is not a day of the month from 1 to 31`);
  }
  if (period === 'week') {
    const weekday = weekdayNames.indexOf(text);
    if (weekday !== -1) return weekday;
    throw new RangeError(`"${text}" is not a weekday such as monday`);
  }
  if (isRolling(period)) throw new RangeError('a window that rolls has no anchor');
  throw new RangeError(`periods of a ${period} always begin as on the calendar; only month and week have an anchor`);
}
