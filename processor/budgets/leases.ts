import type { Account } from './account.ts';
import type { ActingBudget } from './acting.ts';
import type { Limit, Terms } from './evaluate.ts';
import { actsAt } from './guard-state.ts';
import { LeaseGroup } from './lease-group.ts';

/** What an instance asks for, in the unit of the budget. */
export interface Claim {
  /** Its own number of the lease. */
  readonly lease: string;
  readonly budget: string;
  readonly values: readonly string[];
  readonly startMs: number;
  /** The place of the terms that hold for a key that has spent nothing. */
  readonly terms: number;
  readonly granted: bigint;
  readonly returned: bigint;
  readonly settled: bigint;
  readonly unseen: bigint;
  /** What it wants besides: all of it, or nothing. */
  readonly want: bigint;
}

export interface Grant {
  readonly lease: string;
  /** All that was granted so far. */
  readonly granted: bigint;
  /** What nobody has spent or holds. */
  readonly free: bigint;
}

export interface LeasesOptions {
  readonly acting: () => readonly ActingBudget[];
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
  /** Milliseconds of a clock that nobody can set. */
  readonly steady?: () => number;
  /** A key has its first lease: guards have to know that nothing of it may be spent without one. */
  readonly begun?: (budget: ActingBudget, claim: Claim) => void;
  /** For how long after the start nothing is granted: instances tell what they hold first. */
  readonly quietMs?: number;
}

export interface Leases {
  ask(instance: string, claims: readonly Claim[]): readonly Grant[];
  /** Whether an instance may spend the first part of a key that nobody was told of without asking. It has until `leave`. */
  join(instance: string): boolean;
  leave(instance: string): void;
  /** Whether seats are given: not shortly after the start. */
  readonly seated: boolean;
  /** Keys of a budget with leases, as `keyOf`, with the place of their terms. */
  keys(budget: ActingBudget): Iterable<{ readonly values: readonly string[]; readonly terms: number }>;
  has(account: Account): boolean;
}

/** Instances that need not ask first. Half of a cap is set aside for that, and a key that was not told has spent a quarter. */
const SEATS = 20;
/** The part of a cap that each of them may spend of a key that nobody was told of. */
export const STARTER_DIVISOR = 2n * BigInt(SEATS);
/** Of what is left, how much is granted at once. */
const SHARE = 10n;
/** A lease that is not renewed by then ends: no call begins under it. */
export const LEASE_MS = 30_000;
/** The longest that a call may be open: until then, what a silent instance held may still be spent. */
const LONGEST_MS = 15 * 60_000;
const MOST_KEYS = 100_000;
const SWEEP_MS = 10_000;

/**
 * Divides what is left of caps with `lease: true` among instances, so that no two of them spend the same: what is spent, on
 * its way, and held together never is more than the cap, as far as calls go through guards and cost no more than they
 * reserve. Kept in memory: after a start nothing is granted until those who hold leases have had the time to say so.
 *
 * @example leases.ask('a1', [{ lease: '1', budget: 'customers', values: ['acme'], want: 5n, ... }]) // [{ granted: 50n, ... }]
 */
export function createLeases(options: LeasesOptions): Leases {
  const { acting, begun, now = Date.now, steady = () => performance.now(), quietMs = LEASE_MS } = options;
  const groups = new Map<string, { readonly group: LeaseGroup; readonly values: readonly string[]; terms: number }>();
  const seats = new Map<string, number>();
  const quietUntil = steady() + quietMs;
  let sweptMs = 0;

  const isQuiet = (): boolean => steady() < quietUntil;

  function sweep(nowMs: number): void {
    if (Math.abs(nowMs - sweptMs) < SWEEP_MS) return;
    sweptMs = nowMs;
    for (const [key, { group }] of groups) {
      group.forget(nowMs - LONGEST_MS);
      if (group.size === 0) groups.delete(key);
    }
    for (const [instance, leftMs] of seats) if (leftMs < nowMs - LONGEST_MS) seats.delete(instance);
  }

  /** Others may be about to spend theirs: they may not know yet that the key is leased. */
  function starters(group: LeaseGroup, limit: bigint, nowMs: number): bigint {
    if (nowMs - group.sinceMs > LONGEST_MS) return 0n;
    let others = 0n;
    for (const instance of seats.keys()) if (!group.holds(instance)) others++;
    return (others * limit) / STARTER_DIVISOR;
  }

  function grant(instance: string, claim: Claim, budget: ActingBudget | undefined, nowMs: number): Grant {
    const { lease, granted, want } = claim;
    const nothing: Grant = { lease, granted, free: 0n };
    if (budget === undefined || Math.floor(budget.period.startUs / 1000) !== claim.startMs) return nothing;
    const account = budget.find(claim.values);
    const terms = account?.terms ?? budget.terms[claim.terms];
    const leased = terms && leasedLimit(terms);
    if (terms === undefined || leased === undefined) return nothing;
    const limit = actsAt(terms, leased);
    const spent = account?.spent ?? 0n;
    const key = keyOf(budget, account?.shared ? null : claim.values);
    let found = groups.get(key);
    if (found === undefined) {
      if (groups.size >= MOST_KEYS) return nothing;
      found = { group: new LeaseGroup(spent, nowMs), values: claim.values, terms: claim.terms };
      groups.set(key, found);
      begun?.(budget, claim);
    }
    const { group } = found;
    const holding = group.report(`${instance} ${lease}`, claim, spent, nowMs);
    const left = limit - group.used(spent) - starters(group, limit, nowMs);
    const free = isQuiet() || left < 0n ? 0n : left;
    if (want > 0n && want <= free) {
      const share = (limit - spent) / SHARE;
      const more = share > free ? free : share;
      const given = more > want ? more : want;
      holding.granted += given;
      return { lease, granted: holding.granted, free: free - given };
    }
    return { lease, granted: holding.granted, free };
  }

  return {
    ask(instance, claims) {
      const nowMs = now();
      sweep(nowMs);
      const budgets = new Map(acting().map((budget) => [budget.rule.budget, budget]));
      return claims.map((claim) => grant(instance, claim, budgets.get(claim.budget), nowMs));
    },
    join(instance) {
      const nowMs = now();
      sweep(nowMs);
      if (isQuiet() || (!seats.has(instance) && seats.size >= SEATS)) return false;
      seats.set(instance, Infinity);
      return true;
    },
    leave(instance) {
      if (seats.has(instance)) seats.set(instance, now());
    },
    get seated() {
      return !isQuiet();
    },
    *keys(budget) {
      const prefix = keyOf(budget, null).slice(0, -'null'.length);
      for (const [key, { values, terms }] of groups) if (key.startsWith(prefix)) yield { values, terms };
    },
    has({ rule, period, values, shared }) {
      return groups.size > 0 && groups.has(keyOf({ rule, period }, shared ? null : values));
    },
  };
}

/** The cap of these terms that is leased. */
export function leasedLimit({ limits }: Terms): Limit | undefined {
  return limits.find(({ threshold: { action } }) => action?.kind === 'cap' && action.lease);
}

function keyOf({ rule, period }: Pick<ActingBudget, 'rule' | 'period'>, values: readonly string[] | null): string {
  return `${rule.budget} ${period.startUs} ${JSON.stringify(values)}`;
}
