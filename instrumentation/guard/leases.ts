import { Lease, type Answered, type LeaseOptions } from './lease.ts';
import type { Grant } from './wire.ts';

/** As the processor is told of a lease; amounts are whole numbers in the unit of the budget. */
export interface Claim {
  readonly lease: string;
  readonly budget: string;
  readonly values: readonly string[];
  readonly start_ms: number;
  readonly terms: number;
  readonly granted: string;
  readonly returned: string;
  readonly settled: string;
  /** Of `settled`, what has not been told back yet. */
  readonly unseen: string;
  readonly want: string;
}

const MOST_LEASES = 100_000;
const CLAIMS_A_MESSAGE = 1000;

/** The leases of this process, and of which of them the processor has to be told. A lease stays until its period is over. */
export class Leases {
  readonly #all = new Map<string, Lease>();
  /** Of which there is something new, to be told in the next round. */
  readonly #news = new Set<Lease>();
  /** To be told in this round. */
  #round = new Set<Lease>();
  /** Of which calls want what is not there. */
  readonly #urgent = new Set<Lease>();
  /** Called when a call wants what is not there. */
  onWant: () => void = () => {};
  /** Called when the processor may know of none of them. */
  onAnew: () => void = () => {};
  #next = 1;
  #waiting: (() => void)[] = [];

  /** Begins a lease; undefined: there are as many as may be. */
  begin(options: Omit<LeaseOptions, 'id' | 'news'>): Lease | undefined {
    if (this.#all.size >= MOST_LEASES) return undefined;
    const lease = new Lease({ ...options, id: String(this.#next++), news: this.#news });
    options.local.lease = lease;
    this.#all.set(lease.id, lease);
    return lease;
  }

  /**
   * Whether a call that may cost `own` fits in. Asks for more where it does not, or the next like it would not.
   *
   * @param holds whether anything may be spent under it now
   */
  admits(lease: Lease, own: bigint, holds: boolean): boolean {
    const { left } = lease;
    if (left < 2n * own) {
      // The last one's: a call that is too large for what is left keeps no smaller one from asking.
      lease.want = own;
      if (!this.#urgent.has(lease)) {
        this.#urgent.add(lease);
        this.onWant();
      }
    }
    return holds && own <= left;
  }

  /** Forgets what is of a period that is over. */
  sweep(isRunning: (lease: Lease) => boolean): void {
    for (const [id, lease] of this.#all) {
      if (isRunning(lease)) continue;
      this.#all.delete(id);
      for (const set of [this.#news, this.#round, this.#urgent]) set.delete(lease);
      lease.local.lease = undefined;
    }
  }

  get size(): number {
    return this.#all.size;
  }

  /** Whether anything is to be told at once. */
  get pending(): boolean {
    return this.#urgent.size > 0 || this.#round.size > 0;
  }

  /** What is new by now is to be told. */
  round(): void {
    for (const lease of this.#news) {
      this.#news.delete(lease);
      this.#round.add(lease);
    }
    for (const lease of this.#round) lease.balance();
  }

  /** The processor may know of none of them: it is told all of them at once. */
  retell(): void {
    for (const lease of this.#all.values()) this.#news.add(lease);
    if (this.#all.size > 0) this.onAnew();
  }

  /**
   * What the processor is told, and asked for, in one message.
   *
   * @param isLapsed whether others may have been granted what a lease holds
   */
  claims(isLapsed: (lease: Lease) => boolean): { readonly claims: readonly Claim[]; readonly of: readonly Lease[] } {
    const of = new Set<Lease>();
    for (const set of [this.#urgent, this.#round])
      for (const lease of set) {
        if (of.size >= CLAIMS_A_MESSAGE) break;
        set.delete(lease);
        if (!of.has(lease) && isLapsed(lease)) lease.lapse();
        of.add(lease);
      }
    return { claims: Array.from(of, claimOf), of: [...of] };
  }

  take(grants: readonly Grant[], answered: Answered): void {
    for (const { lease: id, granted } of grants) {
      const lease = this.#all.get(id);
      lease?.take(granted, answered);
      // What a call has wanted meanwhile is asked for the next time.
      if (lease !== undefined && !this.#urgent.has(lease)) lease.want = 0n;
    }
    this.#answered();
  }

  /** Nobody has answered: what was told is to be told again. */
  unheard(of: readonly Lease[]): void {
    for (const lease of of) if (this.#all.has(lease.id)) (lease.want > 0n ? this.#urgent : this.#round).add(lease);
    this.#answered();
  }

  /** Resolves once the processor has answered, or after `ms`. */
  next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      setTimeout(resolve, ms);
    });
  }

  #answered(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function claimOf({ id, key, local, granted, returned, settled, want }: Lease): Claim {
  return {
    lease: id,
    budget: key.budget,
    values: key.values,
    start_ms: key.startMs,
    terms: key.terms,
    granted: String(granted),
    returned: String(returned),
    settled: String(settled),
    unseen: String(local.unseen),
    want: String(want),
  };
}
