import type { Micros } from '../../pricing/charge.ts';
import type { Revenue } from '../revenue.ts';
import type { Book } from './book.ts';
import { expectedRevenue, monthsNeeded, monthsOf } from './expected-revenue.ts';
import { needsRevenue } from './rule.ts';

/** How often it is looked whether there was an import. */
const LOOK_US: Micros = 60_000_000;

/**
 * Keeps the amounts of budgets that depend on revenue up to date: at the start, after every import, and when a period
 * begins.
 */
export class RevenueWatch {
  readonly #revenue: Pick<Revenue, 'sums' | 'version'> | undefined;
  readonly #books: readonly Book[];
  readonly #periods = new Map<Book, Micros>();
  #version = -1;
  #looked: Micros = -Infinity;

  constructor(books: readonly Book[], revenue: Pick<Revenue, 'sums' | 'version'> | undefined) {
    this.#books = books.filter(({ rule }) => needsRevenue(rule));
    this.#revenue = revenue;
  }

  /** The budgets for which no revenue is known at all. */
  get blind(): readonly string[] {
    return this.#version > 0 ? [] : this.#books.map(({ rule }) => rule.budget);
  }

  /** Answers the books whose amounts may have changed. Rejects where the ledger is away. */
  async look(now: Micros, always = false): Promise<readonly Book[]> {
    const begun = this.#books.filter((book) => this.#periods.get(book) !== book.periodAt(now).startUs);
    const due = always || Math.abs(now - this.#looked) >= LOOK_US;
    if (this.#revenue === undefined || (begun.length === 0 && !due)) return [];
    this.#looked = now;
    const version = await this.#revenue.version();
    const changed = version === this.#version ? begun : this.#books;
    for (const book of changed) {
      const period = book.periodAt(now);
      const sums = await this.#revenue.sums(...monthsNeeded(period));
      book.setRevenue?.(period, expectedRevenue(sums, monthsOf(period)));
      this.#periods.set(book, period.startUs);
    }
    this.#version = version;
    return changed;
  }
}
