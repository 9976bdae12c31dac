import { keyText, type Dimensions, type KeyIndex, type Known } from './key-index.ts';
import type { LeasedKey } from './lease.ts';
import { acknowledge, emptyLocal, forgetOld, isIdle, type Local } from './local.ts';
import type { KeyState, Matcher, RuleState, Terms } from './wire.ts';

/** How a key stands. */
export interface Standing {
  readonly terms: Terms;
  /** In the running period: what was told, and what was settled here since. */
  readonly settled: bigint;
  /** What may have been spent besides: a key that was not told has spent less than the floor. */
  readonly unknown: bigint;
  /** Whether it shares an account with others, which are too many to be told apart. */
  readonly shared: boolean;
  readonly local: Local | undefined;
}

/** One budget, as far as it is known here: what the processor told of its keys, and what this process adds. */
export class Accounts {
  readonly rule: RuleState;
  readonly index: KeyIndex;
  readonly #place: number;
  /** Those of them that this process adds to. */
  readonly #active = new Set<Known>();
  #shared: { readonly terms: Terms; readonly spent: bigint } | undefined;
  #told = 0;
  #endMs: number;
  #nextEndMs: number | undefined;
  /** A period that has begun since we were told: nothing is known to be spent in it. */
  #begun = false;

  /**
   * @param index of the budgets with the same `by` labels
   * @param previous the same budget, before everything was told anew
   */
  constructor(rule: RuleState, index: KeyIndex, previous?: Accounts) {
    this.rule = rule;
    this.index = index;
    this.#place = index.join();
    this.#endMs = rule.endMs;
    this.#nextEndMs = rule.nextEndMs;
    this.startMs = rule.startMs;
    if (previous === undefined || previous.startMs !== rule.startMs || previous.rule.unit !== rule.unit) return;
    for (const { key, local } of previous.#active) if (local !== undefined) this.#add(key, local);
  }
  /** Of the running period. */
  startMs: number;

  get endMs(): number {
    return this.#endMs;
  }

  /** Keys that were told. */
  get size(): number {
    return this.#told;
  }

  /**
   * Takes in what the processor tells of a key.
   *
   * @param previous the same budget, before everything was told anew
   */
  tell({ terms: place, spent, values }: KeyState, previous?: Accounts): void {
    const terms = typeof place === 'number' ? this.rule.terms[place] : place;
    // Of a period that is over.
    if (terms === undefined || this.#begun) return;
    if (values === null) {
      this.#shared = { terms, spent };
      return;
    }
    const key = keyText(values);
    const known = this.index.open(key, this.#place);
    const toldBefore = known.terms !== undefined;
    const earlier = toldBefore || previous === undefined ? known : previous.index.get(key, previous.#place);
    const before = earlier?.spent ?? 0n;
    if (!toldBefore) this.#told++;
    known.terms = terms;
    known.spent = spent;
    if (known.local === undefined) return;
    if (spent > before) acknowledge(known.local, spent - before);
    known.local.lease?.told(spent);
  }

  matches(dimensions: Dimensions): boolean {
    return matchesAll(this.rule.match, dimensions);
  }

  /**
   * How the key of a call with these dimensions stands.
   *
   * @param row of the key in `index`
   */
  standing(dimensions: Dimensions, row = this.index.row(this.index.keyOf(dimensions))): Standing | undefined {
    const known = row?.[this.#place];
    const local = known?.local;
    const told = known?.terms === undefined ? this.#shared : known;
    const terms = told?.terms ?? this.#termsOf(dimensions);
    if (terms === undefined) return undefined;
    const spent = told === undefined ? 0n : told.spent;
    return {
      terms,
      settled: local === undefined ? spent : spent + local.unseen,
      unknown: told === undefined && !this.#begun ? terms.floor : 0n,
      shared: told !== undefined && told === this.#shared,
      local,
    };
  }

  local(dimensions: Dimensions): Local {
    const known = this.index.open(this.index.keyOf(dimensions), this.#place);
    if (known.local !== undefined) return known.local;
    known.local = emptyLocal();
    this.#active.add(known);
    return known.local;
  }

  /** A key as leases name it. */
  leasedKey(dimensions: Dimensions, terms: Terms): LeasedKey {
    const { budget } = this.rule;
    const place = Math.max(0, this.rule.terms.indexOf(terms));
    return { budget, startMs: this.startMs, values: this.index.valuesOf(dimensions), terms: place };
  }

  /** A period that is over takes what was spent with it; what is open counts where it began. */
  roll(nowMs: number): void {
    while (nowMs >= this.#endMs) {
      this.index.clear(this.#place);
      this.#active.clear();
      this.#told = 0;
      this.#shared = undefined;
      this.#begun = true;
      this.startMs = this.#endMs;
      this.#endMs = this.#nextEndMs ?? Infinity;
      this.#nextEndMs = undefined;
    }
  }

  /** Forgets what is of no use any more. */
  sweep(nowMs: number): void {
    for (const known of this.#active) {
      const { key, terms, local } = known;
      if (local !== undefined) forgetOld(local, nowMs);
      if (local !== undefined && !isIdle(local)) continue;
      known.local = undefined;
      this.#active.delete(known);
      if (terms === undefined) this.index.delete(key, this.#place);
    }
  }

  /** Open reservations, for tests and for people. */
  get open(): bigint {
    let sum = 0n;
    for (const { local } of this.#active) sum += local?.open ?? 0n;
    return sum;
  }

  #add(key: string, local: Local): void {
    const known = this.index.open(key, this.#place);
    known.local = local;
    this.#active.add(known);
  }

  /** The first override that matches sets the terms of a key's first call, as in the processor. */
  #termsOf(dimensions: Dimensions): Terms | undefined {
    const [own, ...overrides] = this.rule.terms;
    return overrides.find(({ match }) => matchesAll(match, dimensions)) ?? own;
  }
}

function matchesAll(match: readonly Matcher[], dimensions: Dimensions): boolean {
  for (const { name, test } of match) if (!test(dimensions[name] ?? '')) return false;
  return true;
}
