import { acknowledge, emptyLocal, forgetOld, isIdle, type Local } from './local.ts';
import type { KeyState, RuleState, Terms } from './wire.ts';

/** Whose call it is: the dimensions that budgets look at. What is not there is ''. */
export type Dimensions = Readonly<Record<string, string>>;

interface Told {
  readonly terms: Terms;
  readonly spent: bigint;
}

/** How a key stands. */
export interface Standing {
  readonly terms: Terms;
  /** In the running period: what was told, and what was settled here since. */
  readonly settled: bigint;
  /** What may have been spent besides: a key that was not told has spent less than the floor. */
  readonly unknown: bigint;
  readonly local: Local | undefined;
}

/** One budget, as far as it is known here: what the processor told of its keys, and what this process adds. */
export class Accounts {
  readonly rule: RuleState;
  readonly #told = new Map<string, Told>();
  readonly #locals: Map<string, Local>;
  #shared: Told | undefined;
  #endMs: number;
  #nextEndMs: number | undefined;
  /** A period that has begun since we were told: nothing is known to be spent in it. */
  #begun = false;

  /** @param previous the same budget, before everything was told anew */
  constructor(rule: RuleState, previous?: Accounts) {
    this.rule = rule;
    this.#endMs = rule.endMs;
    this.#nextEndMs = rule.nextEndMs;
    const goesOn = previous !== undefined && previous.startMs === rule.startMs && previous.rule.unit === rule.unit;
    this.#locals = goesOn ? previous.#locals : new Map();
    this.startMs = rule.startMs;
  }
  /** Of the running period. */
  startMs: number;

  get endMs(): number {
    return this.#endMs;
  }

  get size(): number {
    return this.#told.size;
  }

  /**
   * Takes in what the processor tells of a key.
   *
   * @param before how it stood before, where that is known from elsewhere
   */
  tell({ terms: place, spent, values }: KeyState, previous?: Accounts): void {
    const terms = typeof place === 'number' ? this.rule.terms[place] : place;
    // Of a period that is over.
    if (terms === undefined || this.#begun) return;
    if (values === null) {
      this.#shared = { terms, spent };
      return;
    }
    const key = keyOf(values);
    const before = (this.#told.get(key) ?? (previous === undefined ? undefined : previous.#told.get(key)))?.spent ?? 0n;
    this.#told.set(key, { terms, spent });
    const local = this.#locals.get(key);
    if (local !== undefined && spent > before) acknowledge(local, spent - before);
  }

  matches(dimensions: Dimensions): boolean {
    return this.rule.match.every(({ name, test }) => test(dimensions[name] ?? ''));
  }

  /** How the key of a call with these dimensions stands. */
  standing(dimensions: Dimensions): Standing | undefined {
    const key = this.keyOf(dimensions);
    const local = this.#locals.get(key);
    const told = this.#told.get(key) ?? this.#shared;
    const terms = told?.terms ?? this.#termsOf(dimensions);
    if (terms === undefined) return undefined;
    const unknown = told === undefined && !this.#begun ? terms.floor : 0n;
    return { terms, settled: (told?.spent ?? 0n) + (local?.unseen ?? 0n), unknown, local };
  }

  local(dimensions: Dimensions): Local {
    const key = this.keyOf(dimensions);
    const known = this.#locals.get(key);
    if (known !== undefined) return known;
    const local = emptyLocal();
    this.#locals.set(key, local);
    return local;
  }

  keyOf(dimensions: Dimensions): string {
    const [first = ''] = this.rule.by;
    return this.rule.by.length < 2
      ? (dimensions[first] ?? '')
      : keyOf(this.rule.by.map((name) => dimensions[name] ?? ''));
  }

  /** A period that is over takes what was spent with it; what is open counts where it began. */
  roll(nowMs: number): void {
    while (nowMs >= this.#endMs) {
      this.#told.clear();
      this.#locals.clear();
      this.#shared = undefined;
      this.#begun = true;
      this.startMs = this.#endMs;
      this.#endMs = this.#nextEndMs ?? Infinity;
      this.#nextEndMs = undefined;
    }
  }

  /** Forgets what is of no use any more. */
  sweep(nowMs: number): void {
    for (const [key, local] of this.#locals) {
      forgetOld(local, nowMs);
      if (isIdle(local)) this.#locals.delete(key);
    }
  }

  /** Open reservations, for tests and for people. */
  get open(): bigint {
    let sum = 0n;
    for (const local of this.#locals.values()) sum += local.open;
    return sum;
  }

  /** The first override that matches sets the terms of a key's first call, as in the processor. */
  #termsOf(dimensions: Dimensions): Terms | undefined {
    const [own, ...overrides] = this.rule.terms;
    const found = overrides.find(({ match }) => match.every(({ name, test }) => test(dimensions[name] ?? '')));
    return found ?? own;
  }
}

function keyOf(values: readonly string[]): string {
  const [first = ''] = values;
  return values.length < 2 ? first : JSON.stringify(values);
}
