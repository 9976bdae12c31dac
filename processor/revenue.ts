import type { Micros } from '../pricing/charge.ts';
import type { FemtoUsd } from '../pricing/money.ts';

/** A calendar month, as in `2026-11`. */
export type Month = string;

/** What a customer paid for a month, net, as one line of somebody's books says. Refunds are negative. */
export interface RevenueRow {
  readonly customerId: string;
  readonly month: Month;
  /** Of an invoice or a refund; '' for the one sum of a customer and month that has no id. */
  readonly id: string;
  readonly amount: FemtoUsd;
}

/** The sum of a customer's rows of a month. */
export type MonthlyRevenue = Omit<RevenueRow, 'id'>;

export interface RevenueChange {
  readonly added: number;
  /** Were there with another amount. */
  readonly changed: number;
  readonly same: number;
}

/**
 * What customers pay, kept beside the ledger so that cost can be compared with it. Small, so that every store can keep it:
 * one implementation a database. Every method rejects with `ledger_unavailable` when the store is away: nothing was done.
 */
export interface Revenue {
  /**
   * One transaction. A row takes the place of the one of the same customer, month and id; others stay. The same rows again
   * change nothing, but count as an import.
   *
   * @example await revenue.put([{ customerId: 'acme', month: '2026-11', id: '', amount: parseUsd('199') }], Date.now() * 1000)
   */
  put(rows: readonly RevenueRow[], at: Micros): Promise<RevenueChange>;
  /** Sums by customer and month, both months included; in no order. */
  sums(from: Month, to: Month): Promise<readonly MonthlyRevenue[]>;
  /** Another number after every import: whoever keeps sums reads them again. 0 before the first. */
  version(): Promise<number>;
  /** May be called any number of times. */
  close(): Promise<void>;
}

/** @example monthOf(Date.UTC(2026, 10, 26) * 1000) // '2026-11' */
export function monthOf(at: Micros): Month {
  return new Date(Math.floor(at / 1000)).toISOString().slice(0, 7);
}

/** @example addMonths('2026-11', -12) // '2025-11' */
export function addMonths(month: Month, count: number): Month {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + count)).toISOString().slice(0, 7);
}
