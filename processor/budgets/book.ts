import type { Micros } from '../../pricing/charge.ts';
import type { Dimensions, Entry, Ledger } from '../ledger.ts';
import type { Account } from './account.ts';
import type { Terms } from './evaluate.ts';
import type { RevenueOf } from './expected-revenue.ts';
import type { Period } from './period.ts';
import { RollingTracker } from './rolling-tracker.ts';
import { isRolling, type Rule } from './rule.ts';
import type { Sum } from './sums.ts';
import { Tracker } from './tracker.ts';
import type { WorstRates } from './worst-rates.ts';

/** The accounts of one budget: of a period of the calendar, or of a window that rolls. */
export interface Book {
  readonly rule: Rule;
  /** Reads what was spent so far. Nothing may be appended meanwhile. */
  seed(ledger: Pick<Ledger, 'costs'>, now: Micros): Promise<void>;
  /** What was spent by key and whatever else the rule looks at, from the ledger. */
  read(ledger: Pick<Ledger, 'costs'>, from: Micros, to: Micros): Promise<readonly Sum[]>;
  /** Adds an entry that was inserted; answers the account that it went to. */
  add(entry: Entry, now: Micros): Account | undefined;
  /** Drops what is long over. */
  forget(now: Micros): void;
  /** The period at an instant, whether or not anything was spent in it. */
  periodAt(at: Micros): Period;
  /** The accounts of the period at an instant. */
  accounts(at: Micros): Iterable<Account>;
  /** What a call with these dimensions would be charged to, and stand at, now; undefined if it is not of this budget. */
  standingOf(dimensions: Dimensions, now: Micros): { readonly terms: Terms; readonly spent: bigint } | undefined;
  /** The account of a key in the period at an instant, by the values of its `by` labels. */
  find(at: Micros, values: readonly string[], shared: boolean): Account | undefined;
  /** What customers pay in a period, for a rule that needs it: the amounts of its accounts follow. */
  setRevenue?(period: Period, revenueOf: RevenueOf): void;
  /** An account with nothing spent, for a budget of no labels in a period that has seen no call. */
  emptyAccount(now: Micros): Account;
}

/** @example const book = bookOf(rule); await book.seed(ledger, now); */
export function bookOf(rule: Rule, worst?: WorstRates): Book {
  const { period } = rule;
  return isRolling(period) ? new RollingTracker(rule, period, worst) : new Tracker(rule, worst);
}
