import type { FemtoUsd } from '../../pricing/money.ts';
import { addMonths, monthOf, type Month, type MonthlyRevenue } from '../revenue.ts';
import type { Period } from './period.ts';

/** How far back a month may lie that stands for one whose revenue is not known yet. */
export const EXPECTED_MONTHS = 3;

/** What is expected in a period, of one customer or, with undefined, of all; undefined where nobody knows. */
export type RevenueOf = (customer: string | undefined) => FemtoUsd | undefined;

/** The months of a period: those whose first day, in UTC, is nearest to the time in it. */
export function monthsOf({ kind, startUs, endUs }: Period): readonly Month[] {
  const first = monthOf(startUs + (kind === 'month' ? (endUs - startUs) / 2 : MIDDLE_US));
  const count = { month: 1, quarter: 3, year: 12 }[kind as string] ?? 0;
  return Array.from({ length: count }, (_, index) => addMonths(first, index));
}

const MIDDLE_US = 15 * 86_400_000_000;

/** The months to be read for a period, the first and the last. */
export function monthsNeeded(period: Period): readonly [from: Month, to: Month] {
  const months = monthsOf(period);
  const [first = '', last = ''] = [months[0], months.at(-1)];
  return [addMonths(first, -EXPECTED_MONTHS), last];
}

/**
 * What is expected in the months of a period: of each what is known, else what the last known month before it was, if that
 * is not more than three months ago. A customer none of whose months is known is unknown, which is not 0.
 *
 * @example expectedRevenue(await revenue.sums('2026-08', '2026-11'), ['2026-11'])('acme')
 */
export function expectedRevenue(sums: readonly MonthlyRevenue[], months: readonly Month[]): RevenueOf {
  const known = new Map<string, Map<Month, FemtoUsd>>();
  for (const { customerId, month, amount } of sums) {
    const own = known.get(customerId) ?? new Map<Month, FemtoUsd>();
    known.set(customerId, own.set(month, amount));
  }
  const expected = new Map<string, FemtoUsd>();
  for (const [customer, own] of known) {
    const each = months.flatMap((month) => lastKnown(own, month) ?? []);
    if (each.length === 0) continue;
    const sum = each.reduce((total, amount) => total + amount, 0n);
    // Months of a quarter before the customer came are none: what is not known is not expected.
    expected.set(customer, sum);
  }
  const all = expected.size === 0 ? undefined : [...expected.values()].reduce((sum, amount) => sum + amount, 0n);
  return (customer) => (customer === undefined ? all : expected.get(customer));
}

function lastKnown(own: ReadonlyMap<Month, FemtoUsd>, month: Month): FemtoUsd | undefined {
  for (let back = 0; back <= EXPECTED_MONTHS; back++) {
    const amount = own.get(addMonths(month, -back));
    if (amount !== undefined) return amount;
  }
  return undefined;
}
