import type { Local } from './local.ts';
import type { Limit, Terms } from './wire.ts';

/** What the processor has said last. */
interface Heard {
  /** By the clock that nobody can set: no call begins under it after that. */
  readonly untilMs: number;
  /** What nobody has spent or holds. */
  readonly free: bigint;
}

/** A key of a budget, in a period. */
export interface LeasedKey {
  readonly budget: string;
  readonly startMs: number;
  readonly values: readonly string[];
  /** Of the terms of the rule, the place of those that hold for the key. */
  readonly terms: number;
}

/** The part of a key's cap that this process may spend, because nobody else may. Sums since it was begun. */
export class Lease {
  readonly id: string;
  readonly key: LeasedKey;
  readonly local: Local;
  granted: bigint;
  returned = 0n;
  settled = 0n;
  /** Held back by calls that are open. */
  open = 0n;
  /** What the last call would have that there was not enough for, or will not be for one more like it. */
  want = 0n;
  heard: Heard | undefined;
  /** `settled` when it was last told. */
  settledBefore = 0n;

  /** @param starter what may be spent before the processor is asked */
  constructor(id: string, key: LeasedKey, local: Local, starter: bigint) {
    this.id = id;
    this.key = key;
    this.local = local;
    this.granted = starter;
  }

  /** What is neither spent nor held back. */
  get left(): bigint {
    return this.granted - this.returned - this.settled - this.open;
  }

  /**
   * Whether a call that may cost `own` fits in. Asks for more where it does not, or the next like it would not.
   *
   * @param starts whether what was not asked for may be spent
   */
  admits(own: bigint, nowMs: number, starts: boolean): boolean {
    const { left, heard } = this;
    // The last one's: a call that is too large for what is left keeps no smaller one from asking.
    if (left < 2n * own) this.want = own;
    return own <= left && (heard === undefined ? starts : nowMs < heard.untilMs);
  }

  /** Gives back what will hardly be needed until it is told again: twice what was spent since. */
  giveBack(): void {
    const used = this.settled - this.settledBefore;
    this.settledBefore = this.settled;
    const spare = this.left - 2n * (used + this.want);
    if (spare > 0n) this.returned += spare;
  }

  take(granted: bigint, heard: Heard): void {
    if (granted > this.granted) this.granted = granted;
    this.heard = heard;
    this.want = 0n;
  }

  /** Nothing is open or held, as the processor knows. */
  get idle(): boolean {
    return this.heard !== undefined && this.open === 0n && this.want === 0n && this.left <= 0n;
  }
}

/** The cap of these terms that is leased. */
export function leasedLimit({ limits }: Terms): Limit | undefined {
  for (const limit of limits) if (limit.action.kind === 'cap' && limit.action.lease) return limit;
  return undefined;
}
