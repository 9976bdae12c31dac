import type { Micros } from '../../pricing/charge.ts';
import { calendar } from '../budgets/period.ts';
import type { CostQuery } from '../ledger.ts';

/**
 * The time before: as many calendar months where the range is whole months (October before November, though it is a day
 * longer), else as long.
 *
 * @example previousRange({ from: november, to: december, timezone: 'UTC' }) // { from: october, to: november }
 */
export function previousRange({ from, to, timezone }: Pick<CostQuery, 'from' | 'to' | 'timezone'>): {
  from: Micros;
  to: Micros;
} {
  const monthAt = calendar('month', timezone);
  let start = from;
  let end = from;
  if (monthAt(from).startUs === from)
    while (end < to) {
      end = monthAt(end).endUs;
      start = monthAt(start - 1).startUs;
    }
  return end === to ? { from: start, to: from } : { from: from - (to - from), to: from };
}
