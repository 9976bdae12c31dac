import type { Micros } from '../../pricing/charge.ts';
import { signOf, type Dimensions, type Entry, type Ledger } from '../ledger.ts';
import { noneFired, type Account } from './account.ts';
import type { Book } from './book.ts';
import { readDuration } from './duration.ts';
import { termsOf, type Terms } from './evaluate.ts';
import { measureOf } from './measure.ts';
import type { WorstRates } from './worst-rates.ts';
import type { Period } from './period.ts';
import type { Rolling, Rule } from './rule.ts';
import { keyText, viewOf, type RuleView, type Sum } from './sums.ts';
import { trendTerms } from './trend.ts';
import { stepOf } from './window-steps.ts';

const SHARED = Symbol('other');
/** How far ahead a clock may be. */
const AHEAD_US: Micros = 48 * 3_600_000_000;

/** What one step of a window holds of a key. */
interface Part {
  spent: bigint;
  unpricedCalls: number;
  /** By override; undefined where none has matched. */
  overrideCalls: number[] | undefined;
}

type RollingAccount = Account & { readonly parts: Map<number, Part> };

/**
 * What was spent of one budget within a window that moves on step by step, by key. As exact as the ledger at any time and in
 * any order of arrival. Memory: a part for each step in which a key spent anything, of at most `max_keys` keys.
 */
export class RollingTracker implements Book {
  readonly rule: Rule;
  readonly #view: RuleView;
  readonly #terms: readonly Terms[];
  readonly #measure;
  readonly #stepUs: Micros;
  /** Steps of the window, and of the one before it that a trend compares with. */
  readonly #recent: number;
  readonly #earlier: number;
  readonly #accounts = new Map<string | typeof SHARED, RollingAccount>();
  #step = -Infinity;
  #period: Period = { kind: 'rolling', startUs: 0, endUs: 0 };

  /** @param period the rule's */
  constructor(rule: Rule, period: Rolling, worst?: WorstRates) {
    this.rule = rule;
    this.#view = viewOf(rule, worst);
    this.#terms = termsOf(rule);
    this.#measure = measureOf(rule, worst);
    const windowUs = readDuration(period.slice('rolling '.length));
    this.#stepUs = stepOf(windowUs);
    this.#recent = windowUs / this.#stepUs;
    this.#earlier = Math.ceil((rule.trend?.compareUs ?? 0) / this.#stepUs);
  }

  async seed(ledger: Pick<Ledger, 'costs'>, now: Micros): Promise<void> {
    this.#accounts.clear();
    this.#advance(now);
    const last = Math.floor((now + AHEAD_US) / this.#stepUs);
    const ahead = await this.read(ledger, (this.#step + 1) * this.#stepUs, (last + 1) * this.#stepUs);
    const end = ahead.length === 0 ? this.#step : last;
    for (let step = this.#step - this.#recent - this.#earlier + 1; step <= end; step++) {
      const sums = await this.read(ledger, step * this.#stepUs, (step + 1) * this.#stepUs);
      // The dearest first: if there are more keys than `max_keys`, they are the ones to have accounts of their own.
      for (const { dimensions, value, calls, unpricedCalls } of sums.toSorted((a, b) => Number(b.value - a.value)))
        this.#take(dimensions, step, { value, calls, unpricedCalls });
    }
  }

  read(ledger: Pick<Ledger, 'costs'>, from: Micros, to: Micros): Promise<readonly Sum[]> {
    return this.#view.read(ledger, from, to);
  }

  add(entry: Entry, now: Micros): Account | undefined {
    if (!this.#view.matches(entry.dimensions)) return undefined;
    this.#advance(now);
    const step = Math.floor(entry.startUs / this.#stepUs);
    const calls = signOf(entry);
    const unpricedCalls = entry.charge.status === 'unpriced' ? calls : 0;
    return this.#take(entry.dimensions, step, { value: this.#measure.entry(entry), calls, unpricedCalls });
  }

  forget(now: Micros): void {
    this.#advance(now);
  }

  periodAt(at: Micros): Period {
    const step = Math.floor(at / this.#stepUs);
    return step === this.#step ? this.#period : this.#periodOf(step);
  }

  accounts(at: Micros): Iterable<Account> {
    this.#advance(at);
    return this.#accounts.values();
  }

  standingOf(dimensions: Dimensions, now: Micros): { readonly terms: Terms; readonly spent: bigint } | undefined {
    if (!this.#view.matches(dimensions)) return undefined;
    this.#advance(now);
    const own = this.#accounts.get(this.#view.keyOf(dimensions).key) ?? this.#accounts.get(SHARED);
    if (own !== undefined) return own;
    const terms = this.#terms[this.#view.overrideOf(dimensions) + 1];
    return terms && { terms, spent: 0n };
  }

  find(at: Micros, values: readonly string[], shared: boolean): Account | undefined {
    this.#advance(at);
    return this.#accounts.get(shared ? SHARED : keyText(values));
  }

  emptyAccount(now: Micros): Account {
    this.#advance(now);
    return this.#newAccount(
      '',
      this.rule.by.map(() => ''),
      false,
    );
  }

  /** Moves the window on: what has left it counts no more. A clock that goes back changes nothing. */
  #advance(now: Micros): void {
    const step = Math.floor(now / this.#stepUs);
    if (step <= this.#step) return;
    this.#step = step;
    this.#period = this.#periodOf(step);
    const oldest = step - this.#recent - this.#earlier + 1;
    for (const [key, account] of this.#accounts) {
      for (const at of account.parts.keys()) if (at < oldest) account.parts.delete(at);
      this.#sum(account);
      if (account.parts.size === 0 && account.fired.size === 0) this.#accounts.delete(key);
    }
  }

  #periodOf(step: number): Period {
    return {
      kind: 'rolling',
      startUs: (step - this.#recent + 1) * this.#stepUs,
      endUs: (step + 1) * this.#stepUs,
    };
  }

  /** Undefined for what is older than the window, or further ahead than a clock may be. */
  #take(
    dimensions: Dimensions,
    step: number,
    { value, calls, unpricedCalls }: { readonly value: bigint; readonly calls: number; readonly unpricedCalls: number },
  ): RollingAccount | undefined {
    const ahead = Math.ceil(AHEAD_US / this.#stepUs);
    if (step <= this.#step - this.#recent - this.#earlier || step > this.#step + ahead) return undefined;
    const account = this.#account(dimensions);
    const part = account.parts.get(step) ?? { spent: 0n, unpricedCalls: 0, overrideCalls: undefined };
    account.parts.set(step, part);
    part.spent += value;
    part.unpricedCalls += unpricedCalls;
    const override = this.#view.overrideOf(dimensions);
    if (override !== -1 && !account.shared) {
      part.overrideCalls ??= this.rule.overrides.map(() => 0);
      part.overrideCalls[override] = (part.overrideCalls[override] ?? 0) + calls;
    }
    // Most calls are of the running step, where nothing has to be summed anew.
    if (step === this.#step && override === -1) {
      account.spent += value;
      account.unpricedCalls += unpricedCalls;
    } else this.#sum(account);
    return account;
  }

  /** From the parts: what is in the window, what was in the one before, and the amount that holds. */
  #sum(account: RollingAccount): void {
    let [spent, before, unpricedCalls] = [0n, 0n, 0];
    const overrideCalls = this.rule.overrides.map(() => 0);
    for (const [step, part] of account.parts) {
      if (step > this.#step) continue;
      if (step <= this.#step - this.#recent) {
        before += part.spent;
        continue;
      }
      spent += part.spent;
      unpricedCalls += part.unpricedCalls;
      for (const [index, calls] of part.overrideCalls?.entries() ?? [])
        overrideCalls[index] = (overrideCalls[index] ?? 0) + calls;
    }
    const { trend } = this.rule;
    const holds = overrideCalls.findIndex((calls) => calls > 0);
    account.spent = spent;
    account.before = before;
    account.unpricedCalls = unpricedCalls;
    account.overrideCalls = overrideCalls;
    account.period = this.#period;
    account.terms =
      trend === undefined ? (this.#terms[holds + 1] ?? account.terms) : trendTerms(this.rule, trend, before);
  }

  #account(dimensions: Dimensions): RollingAccount {
    const { key, values } = this.#view.keyOf(dimensions);
    const own = this.#accounts.get(key);
    if (own !== undefined) return own;
    const shared = this.#accounts.get(SHARED);
    const full = this.#accounts.size - (shared === undefined ? 0 : 1) >= this.rule.maxKeys;
    if (full && shared !== undefined) return shared;
    const account = this.#newAccount(key, full ? [] : values, full);
    this.#accounts.set(full ? SHARED : key, account);
    return account;
  }

  #newAccount(key: string, values: readonly string[], shared: boolean): RollingAccount {
    const { rule } = this;
    const [plain = { amount: rule.amount, limits: [], forecasts: [] }] = this.#terms;
    const terms = rule.trend === undefined ? plain : trendTerms(rule, rule.trend, 0n);
    const counts = { spent: 0n, before: 0n, unpricedCalls: 0, overrideCalls: [], fired: noneFired, parts: new Map() };
    return { rule, period: this.#period, key, values, shared, terms, ...counts };
  }
}
