/** What one instance holds of a key's cap. Sums since it first asked, so that a message that comes twice changes nothing. */
export interface Holding {
  granted: bigint;
  returned: bigint;
  /** What its calls have cost. */
  settled: bigint;
  heardMs: number;
}

/** What an instance says of itself. */
export interface Report {
  readonly granted: bigint;
  readonly returned: bigint;
  readonly settled: bigint;
  /** Of `settled`, what it has not seen in the ledger's sums. */
  readonly unseen: bigint;
}

/** Spans that are not there by then are lost, or are counted already. */
const UNSEEN_MS = 60_000;

/** The leases of one key in one period. */
export class LeaseGroup {
  readonly #holdings = new Map<string, Holding>();
  readonly sinceMs: number;
  /** What instances have settled less what the ledger has risen by: positive, as long as spans are on their way. */
  #balance = 0n;
  #spent: bigint;
  #settledMs: number;

  constructor(spent: bigint, nowMs: number) {
    this.#spent = spent;
    this.sinceMs = nowMs;
    this.#settledMs = nowMs;
  }

  /**
   * Takes in how an instance stands, and the ledger.
   *
   * @param holder the instance and its number of the lease, with a space between
   */
  report(holder: string, { granted, returned, settled, unseen }: Report, spent: bigint, nowMs: number): Holding {
    const known = this.#holdings.get(holder);
    const holding = known ?? { granted, returned: 0n, settled, heardMs: nowMs };
    // One that we do not know has settled before we began to count.
    const more = known === undefined ? unseen : larger(settled - known.settled, 0n);
    holding.granted = larger(holding.granted, granted);
    holding.returned = larger(holding.returned, returned);
    holding.settled = larger(holding.settled, settled);
    holding.heardMs = nowMs;
    this.#holdings.set(holder, holding);
    this.#settle(more, spent, nowMs);
    return holding;
  }

  /** What is spent, on its way here, or may be spent without asking. */
  used(spent: bigint): bigint {
    return spent + larger(this.#balance, 0n) + this.held;
  }

  /** What instances may spend without asking. */
  get held(): bigint {
    let sum = 0n;
    for (const each of this.#holdings.values()) sum += left(each);
    return sum;
  }

  /** Whether an instance has a lease. */
  holds(instance: string): boolean {
    for (const holder of this.#holdings.keys()) if (holder.startsWith(`${instance} `)) return true;
    return false;
  }

  get size(): number {
    return this.#holdings.size;
  }

  /** Who was not heard since `beforeMs` holds nothing any more. */
  forget(beforeMs: number): void {
    for (const [holder, { heardMs }] of this.#holdings) if (heardMs < beforeMs) this.#holdings.delete(holder);
  }

  #settle(more: bigint, spent: bigint, nowMs: number): void {
    if (nowMs - this.#settledMs > UNSEEN_MS) this.#balance = 0n;
    this.#balance += more - larger(spent - this.#spent, 0n);
    // A span may be here before its call is reported; more than what is held did not come from these instances.
    this.#balance = larger(this.#balance, -this.held);
    this.#spent = spent;
    if (more > 0n) this.#settledMs = nowMs;
  }
}

function left({ granted, returned, settled }: Holding): bigint {
  return larger(granted - returned - settled, 0n);
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
