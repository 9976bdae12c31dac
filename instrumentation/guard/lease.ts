import type { Local } from './local.ts';
import type { Limit, Terms } from './wire.ts';

/** A key of a budget, in a period. */
export interface LeasedKey {
  readonly budget: string;
  readonly startMs: number;
  readonly values: readonly string[];
  /** Of the terms of the rule, the place of those that hold for the key. */
  readonly terms: number;
}

/** When the processor was asked for it last, and has answered. */
export interface Answered {
  /** By the clock that nobody can set. */
  readonly atMs: number;
  /** How often it had told everything anew by then. */
  readonly epoch: number;
}

export interface LeaseOptions {
  readonly id: string;
  readonly key: LeasedKey;
  readonly local: Local;
  /** What may be spent before the processor is asked, and is kept for the next call. */
  readonly starter: bigint;
  readonly limit: bigint;
  readonly begunMs: number;
  /** Where it says that there is something to tell. */
  readonly news: Set<Lease>;
}

/** Of the limit, when nothing is kept for calls to come: others may need it. */
const SCARCE = { of: 4n, spent: 3n };

/** The part of a key's cap that this process may spend, because nobody else may. Sums since it was begun. */
export class Lease {
  readonly id: string;
  readonly key: LeasedKey;
  readonly local: Local;
  readonly begunMs: number;
  granted: bigint;
  returned = 0n;
  /** Held back by calls that are open. */
  open = 0n;
  /** What the last call would have that there was not enough for, or will not be for one more like it. */
  want = 0n;
  answered: Answered | undefined;
  readonly #starter: bigint;
  readonly #limit: bigint;
  readonly #news: Set<Lease>;
  #settled = 0n;
  /** `settled` when it was last looked at. */
  #settledBefore = 0n;
  #isScarce = false;

  constructor({ id, key, local, starter, limit, begunMs, news }: LeaseOptions) {
    this.id = id;
    this.key = key;
    this.local = local;
    this.begunMs = begunMs;
    this.granted = starter;
    this.#starter = starter;
    this.#limit = limit;
    this.#news = news;
    news.add(this);
  }

  /** What calls have cost. */
  get settled(): bigint {
    return this.#settled;
  }

  /** What is neither spent nor held back. */
  get left(): bigint {
    return this.granted - this.returned - this.#settled - this.open;
  }

  settle(cost: bigint): void {
    this.#settled += cost;
    this.#news.add(this);
  }

  /** The processor has told what everybody has spent. */
  told(spent: bigint): void {
    if (this.#isScarce || spent * SCARCE.of < this.#limit * SCARCE.spent) return;
    this.#isScarce = true;
    this.#news.add(this);
  }

  /** Gives back what will hardly be needed by the next time: more than twice what was spent since the last, and than what is kept. */
  balance(): void {
    const used = this.#settled - this.#settledBefore;
    this.#settledBefore = this.#settled;
    const kept = this.#isScarce ? 0n : this.#starter;
    const soon = 2n * (used + this.want);
    const spare = this.left - (soon > kept ? soon : kept);
    if (spare > 0n) this.returned += spare;
    else if (this.want === 0n && this.left < kept) this.want = kept - this.left;
    // To give it back the next time.
    if (used > 0n) this.#news.add(this);
  }

  /** Gives everything back that no call holds. */
  lapse(): void {
    if (this.left > 0n) this.returned += this.left;
  }

  take(granted: bigint, answered: Answered): void {
    if (granted > this.granted) this.granted = granted;
    this.answered = answered;
  }
}

/** The cap of these terms that is leased. */
export function leasedLimit({ limits }: Terms): Limit | undefined {
  for (const limit of limits) if (limit.action.kind === 'cap' && limit.action.lease) return limit;
  return undefined;
}
