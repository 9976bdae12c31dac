import { Lease, type LeasedKey } from './lease.ts';
import type { Local } from './local.ts';
import type { Grants } from './wire.ts';

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

const MOST_LEASES = 10_000;

/** The leases of this process. */
export class Leases {
  readonly #all = new Map<string, Lease>();
  /** Called when a call wants what is not there. */
  onWant: () => void = () => {};
  #next = 1;
  #waiting: (() => void)[] = [];

  /** The lease of a key, begun where there is none; undefined: there are as many as may be. */
  of(local: Local, key: () => LeasedKey, starter: bigint): Lease | undefined {
    if (local.lease !== undefined || this.#all.size >= MOST_LEASES) return local.lease;
    local.lease = new Lease(String(this.#next++), key(), local, starter);
    this.#all.set(local.lease.id, local.lease);
    return local.lease;
  }

  /** Forgets what holds nothing, and what is of a period that is over. */
  sweep(isRunning: (key: LeasedKey) => boolean): void {
    for (const [id, lease] of this.#all) {
      if (!lease.idle && isRunning(lease.key)) continue;
      this.#all.delete(id);
      lease.local.lease = undefined;
    }
  }

  get size(): number {
    return this.#all.size;
  }

  /** Whether a call wants what is not there. */
  get wanting(): boolean {
    for (const { want } of this.#all.values()) if (want > 0n) return true;
    return false;
  }

  /**
   * What the processor is told, and asked for.
   *
   * @param all of every lease, giving back what will hardly be needed; else only of those that want more
   */
  claims(all: boolean): readonly Claim[] {
    const claims: Claim[] = [];
    for (const lease of this.#all.values()) {
      if (all) lease.giveBack();
      if (all || lease.want > 0n) claims.push(claimOf(lease));
    }
    return claims;
  }

  /** @param askedMs when that was asked, by the clock that nobody can set */
  take({ ttlMs, grants }: Grants, askedMs: number): void {
    for (const { lease, granted, free } of grants)
      this.#all.get(lease)?.take(granted, { untilMs: askedMs + ttlMs, free });
  }

  /** Resolves once the processor has answered, or after `ms`. */
  next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      setTimeout(resolve, ms);
    });
  }

  answered(): void {
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
