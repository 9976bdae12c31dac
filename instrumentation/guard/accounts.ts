import type { LeasedKey } from './lease.ts';
import { acknowledge, emptyLocal, forgetOld, isIdle, type Local } from './local.ts';
import type { KeyState, Matcher, RuleState, Terms } from './wire.ts';

/** Whose call it is: the dimensions that budgets look at. What is not there is ''. */
export type Dimensions = Readonly<Record<string, string>>;

/** All that is known of one key, behind one look-up. */
interface Known {
  readonly key: string;
  /** Undefined: the processor has told nothing of it. */
  terms: Terms | undefined;
  /** As it was told. */
  spent: bigint;
  local: Local | undefined;
}

/** How a key stands. */
export interface Standing {
  readonly terms: Terms;
  /** In the running period: what was told, and what was settled here since. */
  readonly settled: bigint;
  /** What may have been spent besides: a key that was not told has spent less than the floor. */
  readonly unknown: bigint;
  /** Whether the processor has told anything of it. */
  readonly told: boolean;
  readonly local: Local | undefined;
}

/** One budget, as far as it is known here: what the processor told of its keys, and what this process adds. */
export class Accounts {
  readonly rule: RuleState;
  readonly #keys = new Map<string, Known>();
  /** Those of them that this process adds to. */
  readonly #active = new Set<Known>();
  #shared: { readonly terms: Terms; readonly spent: bigint } | undefined;
  #told = 0;
  #endMs: number;
  #nextEndMs: number | undefined;
  /** A period that has begun since we were told: nothing is known to be spent in it. */
  #begun = false;

  /** @param previous the same budget, before everything was told anew */
  constructor(rule: RuleState, previous?: Accounts) {
    this.rule = rule;
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
    const known = this.#keys.get(key);
    const toldBefore = known?.terms !== undefined;
    const earlier = toldBefore || previous === undefined ? known : previous.#keys.get(key);
    const before = earlier?.spent ?? 0n;
    if (!toldBefore) this.#told++;
    if (known === undefined) this.#keys.set(key, { key, terms, spent, local: undefined });
    else {
      known.terms = terms;
      known.spent = spent;
      if (known.local !== undefined && spent > before) acknowledge(known.local, spent - before);
    }
  }

  matches(dimensions: Dimensions): boolean {
    return matchesAll(this.rule.match, dimensions);
  }

  /** How the key of a call with these dimensions stands. */
  standing(dimensions: Dimensions): Standing | undefined {
    const known = this.#keys.get(this.keyOf(dimensions));
    const local = known?.local;
    const told = known?.terms === undefined ? this.#shared : known;
    const terms = told?.terms ?? this.#termsOf(dimensions);
    if (terms === undefined) return undefined;
    const spent = told === undefined ? 0n : told.spent;
    return {
      terms,
      settled: local === undefined ? spent : spent + local.unseen,
      unknown: told === undefined && !this.#begun ? terms.floor : 0n,
      told: told !== undefined,
      local,
    };
  }

  local(dimensions: Dimensions): Local {
    const key = this.keyOf(dimensions);
    const known = this.#keys.get(key);
    if (known?.local !== undefined) return known.local;
    const local = emptyLocal();
    this.#add(key, local);
    return local;
  }

  /** A key as leases name it. */
  leasedKey(dimensions: Dimensions, terms: Terms): LeasedKey {
    const { budget } = this.rule;
    const place = Math.max(0, this.rule.terms.indexOf(terms));
    return { budget, startMs: this.startMs, values: this.valuesOf(dimensions), terms: place };
  }

  keyOf(dimensions: Dimensions): string {
    const { by } = this.rule;
    const [first = ''] = by;
    return by.length < 2 ? (dimensions[first] ?? '') : keyText(this.valuesOf(dimensions));
  }

  valuesOf(dimensions: Dimensions): readonly string[] {
    return this.rule.by.map((name) => dimensions[name] ?? '');
  }

  /** A period that is over takes what was spent with it; what is open counts where it began. */
  roll(nowMs: number): void {
    while (nowMs >= this.#endMs) {
      this.#keys.clear();
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
      if (terms === undefined) this.#keys.delete(key);
    }
  }

  /** Open reservations, for tests and for people. */
  get open(): bigint {
    let sum = 0n;
    for (const { local } of this.#active) sum += local?.open ?? 0n;
    return sum;
  }

  #add(key: string, local: Local): void {
    let known = this.#keys.get(key);
    if (known === undefined) this.#keys.set(key, (known = { key, terms: undefined, spent: 0n, local }));
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

function keyText(values: readonly string[]): string {
  const [first = ''] = values;
  return values.length < 2 ? first : JSON.stringify(values);
}
