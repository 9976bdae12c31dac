import type { Micros } from '../../pricing/charge.ts';
import type { CostRow, DimensionName, Dimensions, Entry, Ledger } from '../ledger.ts';
import { dimensionNames } from '../ledger.ts';
import { matchAll } from '../matcher.ts';
import { noneFired, type Account } from './account.ts';
import { termsOf, type Terms } from './evaluate.ts';
import { measures } from './measure.ts';
import { calendar, type Period } from './period.ts';
import type { Rule } from './rule.ts';

const HOUR: Micros = 3_600_000_000;
/** How long a period that is over still takes what arrives late, and how far ahead a clock may be. */
const GRACE: Micros = 48 * HOUR;
const SHARED = Symbol('other');

type Accounts = Map<string | typeof SHARED, Account>;

/**
 * What was spent of one budget, by key and period. It starts from the ledger's sums and then adds each entry that was
 * inserted, so it equals the ledger at any time and in any order of arrival. Memory is bounded: `max_keys` accounts a
 * period, of the running period, the ones shortly ahead, and the ones lately over (dropped first).
 */
export class Tracker {
  readonly rule: Rule;
  readonly #periodAt: (at: Micros) => Period;
  readonly #matches: (dimensions: Dimensions) => boolean;
  readonly #overrides: readonly ((dimensions: Dimensions) => boolean)[];
  readonly #terms: readonly Terms[];
  readonly #measure;
  readonly #periods = new Map<Micros, Accounts>();

  constructor(rule: Rule) {
    this.rule = rule;
    this.#periodAt = calendar(rule.period, rule.timezone);
    this.#matches = matchAll(rule.match);
    this.#overrides = rule.overrides.map(({ match }) => matchAll(match));
    this.#terms = termsOf(rule);
    this.#measure = measures[rule.amount.unit];
  }

  /** Reads the running period and what lies ahead of it. Nothing may be appended meanwhile. */
  async seed(ledger: Pick<Ledger, 'costs'>, now: Micros): Promise<void> {
    this.#periods.clear();
    const { rule } = this;
    const matched = [...rule.match, ...rule.overrides.flatMap(({ match }) => match)].map(({ name }) => name);
    const by = [...new Set([...rule.by, ...matched])];
    // Only what every store compares alike; regular expressions are matched here.
    const where = rule.match.filter(({ op }) => op === '=' || op === '!=');
    const read = async (from: Micros, to: Micros): Promise<readonly CostRow[]> =>
      ledger.costs({ by, where, from, to, timezone: rule.timezone });
    const running = this.#periodAt(now);
    this.#seedPeriod(by, await read(running.startUs, running.endUs), running, now);
    const last = this.#periodAt(now + GRACE);
    if (last === running || (await read(running.endUs, last.endUs)).length === 0) return;
    for (let period = this.#periodAt(running.endUs); period.startUs <= last.startUs;) {
      this.#seedPeriod(by, await read(period.startUs, period.endUs), period, now);
      period = this.#periodAt(period.endUs);
    }
  }

  /** Adds an entry that was inserted; answers the account that it went to. */
  add(entry: Entry, now: Micros): Account | undefined {
    if (!this.#matches(entry.dimensions)) return undefined;
    const account = this.#account(entry.dimensions, entry.startUs, now);
    if (account === undefined) return undefined;
    account.spent += this.#measure.entry(entry);
    if (entry.charge.status === 'unpriced' && entry.rev === 0) account.unpricedCalls += 1;
    return account;
  }

  /** Drops periods that are long over. */
  forget(now: Micros): void {
    const over = [...this.#periods.keys()]
      .filter((start) => this.#periodAt(start).endUs <= now)
      .toSorted((a, b) => a - b);
    let kept = [...this.#periods.values()].reduce((sum, accounts) => sum + accounts.size, 0);
    for (const start of over) {
      const accounts = this.#periods.get(start);
      if (accounts === undefined) continue;
      if (this.#periodAt(start).endUs + GRACE > now && kept <= 2 * this.rule.maxKeys) continue;
      this.#periods.delete(start);
      kept -= accounts.size;
    }
  }

  /** The period at an instant, whether or not anything was spent in it. */
  periodAt(at: Micros): Period {
    return this.#periodAt(at);
  }

  /** The accounts of the period at an instant. */
  accounts(at: Micros): Iterable<Account> {
    return this.#periods.get(this.#periodAt(at).startUs)?.values() ?? [];
  }

  /** Whether keys share an account in the period at an instant. */
  overflowed(at: Micros): boolean {
    return this.#periods.get(this.#periodAt(at).startUs)?.has(SHARED) === true;
  }

  /** An account with nothing spent, for a budget of no labels in a period that has seen no call. */
  emptyAccount(now: Micros): Account {
    return this.#newAccount(
      this.#periodAt(now),
      this.rule.by.map(() => ''),
      false,
    );
  }

  #seedPeriod(by: readonly DimensionName[], rows: readonly CostRow[], period: Period, now: Micros): void {
    // The dearest first: if there are more keys than `max_keys`, they are the ones to have accounts of their own.
    const dearest = rows.map((row) => ({ row, value: Number(this.#measure.row(row)) }));
    for (const { row } of dearest.toSorted((a, b) => b.value - a.value)) {
      const dimensions = { ...noDimensions, ...Object.fromEntries(by.map((name) => [name, row.values[name] ?? ''])) };
      const account = this.#matches(dimensions) ? this.#account(dimensions, period.startUs, now) : undefined;
      if (account === undefined) continue;
      account.spent += this.#measure.row(row);
      account.unpricedCalls += row.unpricedCalls;
    }
  }

  #account(dimensions: Dimensions, at: Micros, now: Micros): Account | undefined {
    const period = this.#periodAt(at);
    const accounts = this.#accountsOf(period, now);
    if (accounts === undefined) return undefined;
    const values = this.rule.by.map((name) => dimensions[name]);
    const [first = ''] = values;
    const key = values.length < 2 ? first : JSON.stringify(values);
    const account = accounts.get(key) ?? this.#open(accounts, key, period, values);
    this.#applyOverrides(account, dimensions);
    return account;
  }

  /** Undefined for a period that is over and was not watched, and for one that a wrong clock put far ahead. */
  #accountsOf(period: Period, now: Micros): Accounts | undefined {
    const known = this.#periods.get(period.startUs);
    if (known !== undefined) return known;
    if (period.endUs <= now || period.startUs > now + GRACE) return undefined;
    const accounts: Accounts = new Map();
    this.#periods.set(period.startUs, accounts);
    return accounts;
  }

  #open(accounts: Accounts, key: string, period: Period, values: readonly string[]): Account {
    const shared = accounts.get(SHARED);
    const full = accounts.size - (shared === undefined ? 0 : 1) >= this.rule.maxKeys;
    if (full && shared !== undefined) return shared;
    const account = this.#newAccount(period, full ? [] : values, full);
    accounts.set(full ? SHARED : key, account);
    return account;
  }

  #newAccount(period: Period, values: readonly string[], shared: boolean): Account {
    const [terms = { amount: this.rule.amount, limits: [] }] = this.#terms;
    const override = this.#overrides.length;
    return { rule: this.rule, period, values, shared, terms, override, spent: 0n, unpricedCalls: 0, fired: noneFired };
  }

  /**
   * The override that holds is the first in the list that matches any call of the key in the period: so it does not depend
   * on the order of arrival, and a call that lacks the tag takes nothing away.
   */
  #applyOverrides(account: Account, dimensions: Dimensions): void {
    if (account.override === 0 || account.shared) return;
    const index = this.#overrides.findIndex((matches) => matches(dimensions));
    if (index === -1 || index >= account.override) return;
    account.override = index;
    account.terms = this.#terms[index + 1] ?? account.terms;
  }
}

const noDimensions = Object.fromEntries(dimensionNames.map((name) => [name, ''])) as Dimensions;
