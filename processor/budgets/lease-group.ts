/** What one instance holds of a key's cap. Sums since it first asked, so that a message that comes twice changes nothing. */
export interface Holding {
  readonly instance: string;
  granted: bigint;
  returned: bigint;
  /** What its calls have cost. */
  settled: bigint;
  heardMs: number;
}

/** What an instance says of itself. */
export interface Report {
  /** Its own number of the lease. */
  readonly lease: string;
  readonly granted: bigint;
  readonly returned: bigint;
  readonly settled: bigint;
  /** Of `settled`, what it has not seen in the ledger's sums. */
  readonly unseen: bigint;
}

/** Spans that are not there by then are lost, or are counted already. */
const UNSEEN_MS = 15 * 60_000;
/** Costs of the same time are one piece. */
const GRAIN_MS = 10_000;

/** The leases of one key in one period. */
export class LeaseGroup {
  readonly #holdings = new Map<string, Holding>();
  /** Settled by instances, and not in the ledger yet, the oldest first. */
  #coming: { amount: bigint; readonly atMs: number }[] = [];
  /** In the ledger, and not reported as settled yet. */
  #ahead = 0n;
  #spent: bigint;

  constructor(spent: bigint) {
    this.#spent = spent;
  }

  /** Takes in how an instance stands, and the ledger. */
  report(instance: string, report: Report, spent: bigint, nowMs: number): Holding {
    const { lease, granted, returned, settled, unseen } = report;
    const holder = `${instance} ${lease}`;
    const known = this.#holdings.get(holder);
    const holding = known ?? { instance, granted, returned: 0n, settled, heardMs: nowMs };
    // One that we do not know has settled before we began to count.
    const more = known === undefined ? unseen : larger(settled - known.settled, 0n);
    holding.granted = larger(holding.granted, granted);
    holding.returned = larger(holding.returned, returned);
    holding.settled = larger(holding.settled, settled);
    holding.heardMs = nowMs;
    this.#holdings.set(holder, holding);
    this.#settle(more, nowMs);
    this.#rise(spent, nowMs);
    return holding;
  }

  /** What is spent, here or on its way. */
  spentBy(spent: bigint): bigint {
    return this.#coming.reduce((sum, { amount }) => sum + amount, spent);
  }

  /** What instances may spend without asking. */
  get held(): bigint {
    let sum = 0n;
    for (const { granted, returned, settled } of this.#holdings.values())
      sum += larger(granted - returned - settled, 0n);
    return sum;
  }

  /** Those that hold a lease. */
  get holders(): ReadonlySet<string> {
    return new Set(Array.from(this.#holdings.values(), ({ instance }) => instance));
  }

  get size(): number {
    return this.#holdings.size;
  }

  /** Who is gone and was not heard since `beforeMs` holds nothing any more. */
  forget(beforeMs: number, isThere: (instance: string) => boolean): void {
    for (const [holder, { instance, heardMs }] of this.#holdings)
      if (heardMs < beforeMs && !isThere(instance)) this.#holdings.delete(holder);
  }

  #settle(amount: bigint, nowMs: number): void {
    const known = amount < this.#ahead ? amount : this.#ahead;
    this.#ahead -= known;
    if (amount === known) return;
    const last = this.#coming.at(-1);
    if (last !== undefined && nowMs - last.atMs < GRAIN_MS) last.amount += amount - known;
    else this.#coming.push({ amount: amount - known, atMs: nowMs });
  }

  #rise(spent: bigint, nowMs: number): void {
    let risen = larger(spent - this.#spent, 0n);
    this.#spent = spent;
    this.#coming = this.#coming.filter((piece) => {
      const taken = piece.amount < risen ? piece.amount : risen;
      piece.amount -= taken;
      risen -= taken;
      return piece.amount > 0n && nowMs - piece.atMs < UNSEEN_MS;
    });
    // More than what is held did not come from these instances.
    const ahead = this.#ahead + risen;
    this.#ahead = ahead < this.held ? ahead : this.held;
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
