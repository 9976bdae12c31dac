import type { ActingBudget } from './acting.ts';
import type { Limit, Terms } from './evaluate.ts';
import { actsAt } from './guard-state.ts';
import { LeaseGroup, type Report } from './lease-group.ts';

/** What an instance asks for, in the unit of the budget. */
export interface Claim extends Report {
  readonly budget: string;
  readonly values: readonly string[];
  readonly startMs: number;
  /** The place of the terms that hold for a key that has spent nothing. */
  readonly terms: number;
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
  /** For how long after the start nothing is granted: instances tell what they hold first. */
  readonly quietMs?: number;
}

export interface Leases {
  ask(instance: string, claims: readonly Claim[]): readonly Grant[];
  /** An instance is there, once more; it is gone once it has left as often. */
  join(instance: string): void;
  leave(instance: string): void;
  /** Whether one that is there may spend the first part of a key without asking. It keeps its seat. */
  seat(instance: string): boolean;
  /** Whether seats are given: not shortly after the start. */
  readonly seated: boolean;
}

/** Instances that need not ask first. Until half of a cap is spent, half of it is theirs. */
const SEATS = 20;
/** The part of a cap that each of them may spend without asking. */
export const STARTER_DIVISOR = 2n * BigInt(SEATS);
/** Of what is left, how much is granted at once. */
const SHARE = 10n;
/** Longer than a guard goes on when it hears nothing: after a start, those that hold something have said so, or hold nothing. */
export const QUIET_MS = 35_000;
/** For how long instances may not know that half is spent, and begin a first part. */
const HALF_MS = 45_000;
/** The longest that a call may be open: until then, what a silent instance held may still be spent. */
const LONGEST_MS = 15 * 60_000;
const MOST_KEYS = 100_000;
const SWEEP_MS = 10_000;

interface Key {
  readonly group: LeaseGroup;
  /** Since when more than half of it is in the ledger, and so was told, as far as was seen. */
  halfMs: number;
}

/**
 * Divides what is left of caps with `lease: true` among instances, so that no two of them spend the same: what is spent, on
 * its way, and held together never is more than the cap, as far as calls go through guards and cost no more than they
 * reserve. Kept in memory: after a start nothing is granted until those who hold leases have had the time to say so.
 *
 * @example leases.ask('a1', [{ lease: '1', budget: 'customers', values: ['acme'], want: 5n, ... }]) // [{ granted: 50n, ... }]
 */
export function createLeases(options: LeasesOptions): Leases {
  const { acting, now = Date.now, steady = () => performance.now(), quietMs = QUIET_MS } = options;
  const keys = new Map<string, Key>();
  /** How often each has joined. */
  const there = new Map<string, number>();
  const left = new Map<string, number>();
  /** When those who have one have left; Infinity: they are there. */
  const seats = new Map<string, number>();
  const quietUntil = steady() + quietMs;
  let sweptMs = 0;

  const isQuiet = (): boolean => steady() < quietUntil;
  const mayReturn = (instance: string): boolean => there.has(instance) || left.has(instance);

  function sweep(nowMs: number): void {
    if (Math.abs(nowMs - sweptMs) < SWEEP_MS) return;
    sweptMs = nowMs;
    for (const times of [left, seats])
      for (const [instance, leftMs] of times) if (leftMs < nowMs - LONGEST_MS) times.delete(instance);
    for (const [key, { group }] of keys) {
      group.forget(nowMs - LONGEST_MS, mayReturn);
      if (group.size === 0) keys.delete(key);
    }
  }

  /** What may be spent without asking by those that hold no lease yet, or did not say so. */
  function setAside({ group, halfMs }: Key, limit: bigint, nowMs: number): bigint {
    const { holders } = group;
    let [silent, known] = [0, 0];
    for (const [instance, leftMs] of seats)
      if (holders.has(instance)) known++;
      // Who is gone may have begun something that it has not told of.
      else if (nowMs - halfMs < HALF_MS || leftMs !== Infinity) silent++;
    return (BigInt(halfMs === Infinity ? SEATS - known : silent) * limit) / STARTER_DIVISOR;
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
    const name = keyOf(budget, account?.shared === true ? null : claim.values);
    const key = keys.get(name) ?? { group: new LeaseGroup(spent), halfMs: Infinity };
    if (!keys.has(name) && keys.size >= MOST_KEYS) return nothing;
    keys.set(name, key);
    const { group } = key;
    const holding = group.report(instance, claim, spent, nowMs);
    const used = group.spentBy(spent);
    if (key.halfMs === Infinity && 2n * spent > limit) key.halfMs = nowMs;
    const rest = limit - used - group.held - setAside(key, limit, nowMs);
    const free = isQuiet() || rest < 0n ? 0n : rest;
    if (want > 0n && want <= free) {
      const share = (limit - used) / SHARE;
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
      there.set(instance, (there.get(instance) ?? 0) + 1);
      left.delete(instance);
      if (seats.has(instance)) seats.set(instance, Infinity);
    },
    leave(instance) {
      const times = (there.get(instance) ?? 0) - 1;
      there.set(instance, times);
      if (times > 0) return;
      there.delete(instance);
      left.set(instance, now());
      if (seats.has(instance)) seats.set(instance, now());
    },
    seat(instance) {
      sweep(now());
      if (isQuiet() || !there.has(instance)) return false;
      if (!seats.has(instance) && seats.size < SEATS) seats.set(instance, Infinity);
      return seats.has(instance);
    },
    get seated() {
      return !isQuiet();
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
