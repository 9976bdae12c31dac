import { formatUsd } from '../../pricing/money.ts';
import type { Accounts, Standing } from './accounts.ts';
import type { Dimensions, KeyIndex, Row } from './key-index.ts';
import { leasedLimit, type Lease } from './lease.ts';
import type { Local } from './local.ts';
import { Reservation, releaseOld } from './reservation.ts';
import type { State } from './state.ts';
import { judge, milder, mostStrict, rank, type Held, type Strictness } from './verdict.ts';
import { isCounted, worstCost, type Size } from './worst-case.ts';
import type { Limit, Rates, RuleState } from './wire.ts';

import { allow, unheard, type Decision, type Reason, type Wanted } from './decision.ts';
export interface Decided {
  readonly decision: Decision;
  /** Undefined where there is nothing to hold back, or the call is refused. */
  readonly reservation: Reservation | undefined;
}

export interface DecideOptions {
  /** What may be said at most. */
  readonly most: Strictness;
  readonly reserve: boolean;
  /** Refuses where the processor was never heard. */
  readonly closed?: boolean;
  /** Asks for leases, and lets nothing pass without them. */
  readonly lease?: boolean;
}

interface Found {
  readonly accounts: Accounts;
  readonly local: Local | undefined;
  readonly settled: bigint;
  readonly own: bigint;
  readonly lease: Lease | undefined;
}
interface Ruling extends Found {
  /** Undefined: its model has no price. */
  readonly held: Held | undefined;
}
interface Looked {
  /** As matchers have seen the call. */
  readonly seen: Dimensions;
  readonly found: readonly Found[];
  readonly ruling: Ruling | undefined;
}

/** Chains of models that stand in for each other end somewhere. */
const MOST_HOPS = 3;

/**
 * Decides about calls by what is known: look-ups in maps, no I/O, nothing that waits. Of several budgets the strictest
 * wins. Does not throw where the state is as `State` keeps it.
 */
export class Decider {
  readonly #state: State;
  readonly #open = new Set<Reservation>();

  constructor(state: State) {
    this.#state = state;
  }

  /** Calls that hold something back. */
  get open(): number {
    return this.#open.size;
  }

  decide(wanted: Wanted, { most, reserve, closed = false, lease = false }: DecideOptions): Decided {
    const { source, accounts } = this.#state;
    if (source === 'none' && closed && most === 'cap')
      return { decision: unheard(wanted, this.#state), reservation: undefined };
    if (accounts.length === 0) return { decision: allow(wanted, this.#state), reservation: undefined };
    const nowMs = this.#state.nowMs;
    if (source === 'stale' && most === 'cap')
      for (const each of accounts)
        if (
          each.rule.closed &&
          each.matches(wanted.dimensions) &&
          mostStrict(each.rule.windows, wanted.dimensions, nowMs) === 'cap'
        )
          return { decision: unheard(wanted, this.#state, each.rule.budget), reservation: undefined };
    const rates = this.#state.rates(wanted.provider, wanted.model);
    const asked = this.#look(wanted, rates, { most, lease }, nowMs);
    const { ruling } = asked;
    if (ruling === undefined) {
      const reservation = reserve ? this.#reserve(asked, nowMs) : undefined;
      return { decision: allow(wanted, this.#state), reservation };
    }
    if (kindOf(ruling) === 'cap')
      return { decision: this.#decision('cap', wanted, wanted.model, ruling), reservation: undefined };
    const fallback = this.#fallback(wanted, rates, ruling, lease, nowMs);
    const reservation = reserve ? this.#reserve(fallback?.looked ?? asked, nowMs) : undefined;
    const decision =
      fallback === undefined
        ? { ...this.#decision('allow', wanted, wanted.model, ruling), reason: 'no_fallback' as const }
        : this.#decision('throttle', wanted, fallback.model, ruling);
    return { decision, reservation };
  }

  #look(
    { dimensions, size, model }: Wanted,
    rates: Rates | undefined,
    { most, lease: leasing }: { readonly most: Strictness; readonly lease: boolean },
    nowMs: number,
  ): Looked {
    const found: Found[] = [];
    let ruling: Ruling | undefined;
    const seen = seenBy(dimensions, rates);
    let index: KeyIndex | undefined;
    let row: Row | undefined;
    for (const accounts of this.#state.accounts) {
      accounts.roll(nowMs);
      if (!accounts.matches(seen)) continue;
      if (accounts.index !== index) {
        index = accounts.index;
        row = index.row(index.keyOf(seen));
      }
      const standing = accounts.standing(seen, row);
      if (standing === undefined) continue;
      const { settled, terms } = standing;
      const { rule } = accounts;
      const own = amountOf(rule, size, rates);
      const allowed = rule.windows.length === 0 ? most : milder(most, mostStrict(rule.windows, seen, nowMs));
      const blocked = rule.unpriced === 'block' && rates?.priced === false && allowed === 'cap';
      const leased = leasing && allowed === 'cap' ? leasedLimit(terms) : undefined;
      const lease = leased && this.#lease(accounts, seen, standing, leased);
      const local = lease?.local ?? standing.local;
      const one: Found = { accounts, local, settled, own, lease };
      found.push(one);
      // What others may spend of a cap that is leased is known: nothing of what this process holds.
      const unknown = leased === undefined ? standing.unknown : 0n;
      let held = judge(terms, { settled, unknown, open: local?.open ?? 0n, own }, allowed);
      if (leased !== undefined && held?.limit.action.kind !== 'cap') {
        const unknownCost = rule.unit === 'USD' && rates === undefined && model !== '';
        if (!this.#admits(lease, own) || unknownCost) held = { limit: leased, settled: false, unleased: true };
      }
      if (held === undefined && !blocked) continue;
      const next: Ruling = { ...one, held: blocked && held?.limit.action.kind !== 'cap' ? undefined : held };
      if (ruling === undefined || rank(kindOf(next)) > rank(kindOf(ruling))) ruling = next;
    }
    return { seen, found, ruling };
  }

  /** A model that may stand in: of the same provider, not dearer for this call, large enough, and free of a cap itself. */
  #fallback(
    wanted: Wanted,
    rates: Rates | undefined,
    ruling: Ruling,
    lease: boolean,
    nowMs: number,
  ): { readonly model: string; readonly looked: Looked } | undefined {
    const most = knownCost(wanted.size(), rates);
    let action = ruling.held?.limit.action;
    for (let hop = 0; hop < MOST_HOPS; hop++) {
      if (action?.kind !== 'throttle' || action.to === wanted.model) return undefined;
      const model = action.to;
      const others = this.#state.rates(wanted.provider, model);
      const cost = knownCost(wanted.size(), others);
      if (most === undefined || cost === undefined || cost > most) return undefined;
      const { input, output } = wanted.size();
      if (others?.context !== undefined && input + output > others.context) return undefined;
      const dimensions = { ...wanted.dimensions, model };
      const again = this.#look({ ...wanted, model, dimensions }, others, { most: 'cap', lease }, nowMs);
      const next = again.ruling?.held?.limit.action;
      if (again.ruling === undefined || (next?.kind === 'throttle' && next.to === model))
        return { model, looked: again };
      action = next;
    }
    return undefined;
  }

  #reserve({ found, seen }: Looked, nowMs: number): Reservation | undefined {
    releaseOld(this.#open, nowMs);
    if (found.length === 0) return undefined;
    const parts = found.map(({ accounts, local, own, lease }) => ({
      accounts,
      local: local ?? accounts.local(seen),
      startMs: accounts.startMs,
      amount: own,
      lease,
    }));
    return new Reservation(parts, nowMs, this.#open);
  }

  #lease(accounts: Accounts, seen: Dimensions, standing: Standing, { value: limit }: Limit): Lease | undefined {
    const local = accounts.local(seen);
    if (local.lease !== undefined) return local.lease;
    const { terms, shared, settled } = standing;
    // Half of a cap is for first calls, until half of it is spent.
    const starter = shared || 2n * settled > limit ? 0n : this.#state.starter(limit);
    const key = accounts.leasedKey(seen, terms);
    return this.#state.leases.begin({ key, local, starter, limit, begunMs: this.#state.steadyMs });
  }

  #admits(lease: Lease | undefined, own: bigint): boolean {
    return lease !== undefined && this.#state.leases.admits(lease, own, this.#state.holds(lease));
  }

  #decision(action: Decision['action'], wanted: Wanted, model: string, ruling: Ruling): Decision {
    const { accounts, settled, held, own } = ruling;
    const { unit, budget } = accounts.rule;
    if (held === undefined) return { ...allow(wanted, this.#state), action, reason: 'unpriced', budget };
    const { action: limitAction, value } = held.limit;
    return {
      action,
      model,
      originalModel: wanted.model,
      reason: reasonOf(held, settled, own),
      budget,
      spent: amountText(unit, settled),
      limit: amountText(unit, value),
      unit,
      resetAt: Number.isFinite(accounts.endMs) ? new Date(accounts.endMs) : undefined,
      message: limitAction.kind === 'cap' ? limitAction.message : undefined,
      source: this.#state.source,
      ageMs: this.#state.ageMs,
    };
  }
}

function reasonOf({ settled: reached, unleased, limit }: Held, settled: bigint, own: bigint): Reason {
  if (reached) return 'reached';
  if (unleased !== true) return 'crowded';
  // Half of it is not granted before half is spent.
  return settled + own > limit.value || 2n * own > limit.value ? 'oversized' : 'unleased';
}

function amountOf({ unit, unpriced }: RuleState, size: () => Size, rates: Rates | undefined): bigint {
  if (unit === 'requests') return 1n;
  if (unit === 'tokens') {
    const { input, output } = size();
    return BigInt(input + output);
  }
  return rates === undefined || !isCounted(unpriced, rates) ? 0n : (worstCost(size(), rates) ?? 0n);
}

/** What a call may cost at most by its price; undefined where that is not known. */
function knownCost(size: Size, rates: Rates | undefined): bigint | undefined {
  return rates?.priced === true ? worstCost(size, rates) : undefined;
}

/** A model without a price is refused, whatever else is reached. */
function kindOf({ held }: Ruling): Strictness {
  return held === undefined ? 'cap' : held.limit.action.kind;
}

/** Matchers see what the ledger calls them. */
function seenBy(dimensions: Dimensions, rates: Rates | undefined): Dimensions {
  if (rates === undefined) return dimensions;
  const { provider, model } = rates.as;
  if (!rates.priced) return { ...dimensions, ...rates.as, status: 'unpriced' };
  return dimensions['provider'] === provider && dimensions['model'] === model
    ? dimensions
    : { ...dimensions, ...rates.as };
}

function amountText(unit: string, value: bigint): string {
  return unit === 'USD' ? formatUsd(value) : String(value);
}
