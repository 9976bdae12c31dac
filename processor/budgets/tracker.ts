import type { Micros } from '../../pricing/charge.ts';
import type { Dimensions, Entry, Ledger } from '../ledger.ts';
import { signOf } from '../ledger.ts';
import { noneFired, type Account } from './account.ts';
import { termsOf, type Terms } from './evaluate.ts';
import { measureOf } from './measure.ts';
import type { WorstRates } from './worst-rates.ts';
import { calendar, type Period } from './period.ts';
import type { RevenueOf } from './expected-revenue.ts';
import { isRolling, needsRevenue, type Rule } from './rule.ts';
import { keyText, viewOf, type RuleView, type Sum } from './sums.ts';
import type { Book } from './book.ts';

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
export class Tracker implements Book {
  readonly rule: Rule;
  readonly #periodAt: (at: Micros) => Period;
  readonly #view: RuleView;
  readonly #terms: readonly Terms[];
  readonly #needsRevenue: boolean;
  /** By the start of the period. */
  readonly #revenue = new Map<Micros, RevenueOf>();
  readonly #measure;
  readonly #periods = new Map<Micros, Accounts>();

  constructor(rule: Rule, worst?: WorstRates) {
    this.rule = rule;
    if (isRolling(rule.period)) throw new TypeError('a window that rolls has a tracker of its own');
    this.#periodAt = calendar(rule.period, rule.timezone, rule.anchor);
    this.#view = viewOf(rule, worst);
    this.#terms = termsOf(rule);
    this.#needsRevenue = needsRevenue(rule);
    this.#measure = measureOf(rule, worst);
  }

  /** Reads the running period and what lies ahead of it. Nothing may be appended meanwhile. */
  async seed(ledger: Pick<Ledger, 'costs'>, now: Micros): Promise<void> {
    this.#periods.clear();
    const seedPeriod = async (period: Period): Promise<void> =>
      this.#seedPeriod(await this.read(ledger, period.startUs, period.endUs), period, now);
    const running = this.#periodAt(now);
    await seedPeriod(running);
    const last = this.#periodAt(now + GRACE);
    if (last === running || (await this.read(ledger, running.endUs, last.endUs)).length === 0) return;
    for (let period = this.#periodAt(running.endUs); period.startUs <= last.startUs;) {
      await seedPeriod(period);
      period = this.#periodAt(period.endUs);
    }
  }

  /** What was spent by key and whatever else the rule looks at, from the ledger. */
  read(ledger: Pick<Ledger, 'costs'>, from: Micros, to: Micros): Promise<readonly Sum[]> {
    return this.#view.read(ledger, from, to);
  }

  /** Adds an entry that was inserted; answers the account that it went to. */
  add(entry: Entry, now: Micros): Account | undefined {
    if (!this.#view.matches(entry.dimensions)) return undefined;
    const account = this.#account(entry.dimensions, entry.startUs, now);
    if (account === undefined) return undefined;
    const sign = signOf(entry);
    account.spent += this.#measure.entry(entry);
    if (entry.charge.status === 'unpriced') account.unpricedCalls += sign;
    this.#applyOverrides(account, entry.dimensions, sign);
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
      this.#revenue.delete(start);
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

  /** What a call with these dimensions would be charged to, and stand at, now; undefined if it is not of this budget. */
  standingOf(dimensions: Dimensions, now: Micros): { readonly terms: Terms; readonly spent: bigint } | undefined {
    if (!this.#view.matches(dimensions)) return undefined;
    const accounts = this.#periods.get(this.#periodAt(now).startUs);
    const own = accounts?.get(this.#view.keyOf(dimensions).key);
    if (own !== undefined) return own;
    // Beyond `max_keys` a new key would share; else its first call sets its terms.
    const shared = accounts?.get(SHARED);
    if (shared !== undefined) return shared;
    const { values } = this.#view.keyOf(dimensions);
    const terms = this.#termsOf(this.#periodAt(now), values)[this.#view.overrideOf(dimensions) + 1];
    return terms && { terms, spent: 0n };
  }

  /** The account of a key in the period at an instant, by the values of its `by` labels. */
  find(at: Micros, values: readonly string[], shared: boolean): Account | undefined {
    const accounts = this.#periods.get(this.#periodAt(at).startUs);
    return accounts?.get(shared ? SHARED : keyText(values));
  }

  /** An account with nothing spent, for a budget of no labels in a period that has seen no call. */
  emptyAccount(now: Micros): Account {
    return this.#newAccount(
      this.#periodAt(now),
      '',
      this.rule.by.map(() => ''),
      false,
    );
  }

  /** What customers pay in a period: the amounts of its accounts follow. */
  setRevenue(period: Period, revenueOf: RevenueOf): void {
    this.#revenue.set(period.startUs, revenueOf);
    for (const account of this.#periods.get(period.startUs)?.values() ?? []) {
      if (account.shared) continue;
      const holds = account.overrideCalls.findIndex((count) => count > 0);
      account.terms = this.#termsOf(period, account.values)[holds + 1] ?? account.terms;
    }
  }

  #termsOf(period: Period, values: readonly string[]): readonly Terms[] {
    if (!this.#needsRevenue) return this.#terms;
    const revenueOf = this.#revenue.get(period.startUs);
    return termsOf(this.rule, revenueOf?.(values[0]));
  }

  #seedPeriod(sums: readonly Sum[], period: Period, now: Micros): void {
    // The dearest first: if there are more keys than `max_keys`, they are the ones to have accounts of their own.
    for (const { dimensions, value, calls, unpricedCalls } of sums.toSorted(
      (a, b) => Number(b.value) - Number(a.value),
    )) {
      const account = this.#account(dimensions, period.startUs, now);
      if (account === undefined) continue;
      account.spent += value;
      account.unpricedCalls += unpricedCalls;
      this.#applyOverrides(account, dimensions, calls);
    }
  }

  #account(dimensions: Dimensions, at: Micros, now: Micros): Account | undefined {
    const period = this.#periodAt(at);
    const accounts = this.#accountsOf(period, now);
    if (accounts === undefined) return undefined;
    const { key, values } = this.#view.keyOf(dimensions);
    return accounts.get(key) ?? this.#open(accounts, key, period, values);
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
    const account = this.#newAccount(period, key, full ? [] : values, full);
    accounts.set(full ? SHARED : key, account);
    return account;
  }

  #newAccount(period: Period, key: string, values: readonly string[], shared: boolean): Account {
    const { rule } = this;
    const known = shared ? this.#terms : this.#termsOf(period, values);
    const [terms = { amount: rule.amount, limits: [], forecasts: [] }] = known;
    const overrideCalls = noCalls;
    return {
      rule,
      period,
      key,
      values,
      shared,
      terms,
      overrideCalls,
      spent: 0n,
      before: 0n,
      unpricedCalls: 0,
      fired: noneFired,
    };
  }

  /**
   * The override that holds is the first in the list that matches any call of the key in the period: so it does not depend
   * on the order of arrival, a call that lacks the tag takes nothing away, and a call that is taken back takes its own.
   */
  #applyOverrides(account: Account, dimensions: Dimensions, calls: number): void {
    if (this.rule.overrides.length === 0 || account.shared) return;
    const index = this.#view.overrideOf(dimensions);
    if (index === -1) return;
    if (account.overrideCalls === noCalls) account.overrideCalls = this.rule.overrides.map(() => 0);
    account.overrideCalls[index] = (account.overrideCalls[index] ?? 0) + calls;
    const holds = account.overrideCalls.findIndex((count) => count > 0);
    account.terms = this.#termsOf(account.period, account.values)[holds + 1] ?? account.terms;
  }
}

/** Most keys meet no override: they share this. */
const noCalls: number[] = [];
