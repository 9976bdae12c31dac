import type { Counts } from '../../pricing/usage/usage.ts';
import type { Accounts } from './accounts.ts';
import type { Lease } from './lease.ts';
import { settleLocal, type Local } from './local.ts';
import { costOf, isCounted, tokensOf } from './worst-case.ts';
import type { Rates, RuleState } from './wire.ts';

/** What a call used, as far as it is known when it is over. */
export interface Used {
  /** Disjoint, by unit; empty where nothing was served. */
  readonly counts: Counts;
  readonly rates: Rates | undefined;
}

interface Part {
  readonly accounts: Accounts;
  readonly local: Local;
  /** Of the period in which it began. */
  readonly startMs: number;
  readonly amount: bigint;
  readonly lease: Lease | undefined;
}

/** Longer than any client waits for an answer (OpenAI's wait ten minutes). */
const LONGEST_MS = 15 * 60_000;

/** The most that a call may cost, held back in every budget that it counts in until it is settled. */
export class Reservation {
  readonly #parts: readonly Part[];
  readonly #all: Set<Reservation>;
  readonly atMs: number;
  #open = true;

  constructor(parts: readonly Part[], atMs: number, all: Set<Reservation>) {
    this.#parts = parts;
    this.atMs = atMs;
    this.#all = all;
    for (const { local, amount, lease } of parts) {
      local.open += amount;
      local.calls++;
      if (lease !== undefined) lease.open += amount;
    }
    all.add(this);
  }

  /** The call is over: what it used takes the place of what was held back. The second time it does nothing. */
  settle(used: readonly Used[], nowMs: number): void {
    if (!this.#release()) return;
    for (const { accounts, local, startMs, lease } of this.#parts) {
      // What began in a period that is over counts there.
      if (accounts.startMs !== startMs) continue;
      const cost = sumOf(accounts.rule, used);
      settleLocal(local, cost, nowMs);
      lease?.settle(cost);
    }
  }

  /** Nothing was called. */
  release(): void {
    this.#release();
  }

  #release(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#all.delete(this);
    for (const { local, amount, lease } of this.#parts) {
      local.open -= amount;
      local.calls--;
      if (lease !== undefined) lease.open -= amount;
    }
    return true;
  }
}

/** Those that nobody has settled: their calls are lost. */
export function releaseOld(all: Set<Reservation>, nowMs: number): void {
  for (const reservation of all) {
    if (nowMs - reservation.atMs < LONGEST_MS) return;
    reservation.release();
  }
}

function sumOf({ unit, unpriced }: RuleState, used: readonly Used[]): bigint {
  let sum = 0n;
  for (const { counts, rates } of used) {
    if (unit === 'requests') sum += 1n;
    else if (unit === 'tokens') sum += BigInt(tokensOf(counts));
    else if (rates !== undefined && isCounted(unpriced, rates) && Object.keys(counts).length > 0)
      sum += costOf(counts, rates);
  }
  return sum;
}
