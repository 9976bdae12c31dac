import { formatUsd } from '../../pricing/money.ts';
import type { Accounts, Dimensions, Standing } from './accounts.ts';
import { BudgetExceededError } from './error.ts';
import { Reservation, releaseOld } from './reservation.ts';
import type { Source, State } from './state.ts';
import { judge, milder, mostStrict, rank, type Held, type Strictness } from './verdict.ts';
import { worstCost, type Size } from './worst-case.ts';
import type { Rates } from './wire.ts';

/** A call that wants to be made. */
export interface Wanted {
  readonly dimensions: Dimensions;
  readonly provider: string;
  readonly model: string;
  /** Asked only where a budget needs it: it may have to read a long prompt. */
  readonly size: () => Size;
}

/**
 * - `reached`: a limit is. `crowded`: calls that are open may reach it
 * - `unheard`: the budget fails closed, and the processor is not heard
 * - `no_fallback`: there is no other model that is not dearer and that the call fits into
 */
export type Reason = 'reached' | 'crowded' | 'unheard' | 'no_fallback' | 'ceiling';

/** What a guard says to a call. */
export interface Decision {
  readonly action: 'allow' | 'throttle' | 'cap';
  /** What to call: the model asked for, or the one in its place. */
  readonly model: string;
  readonly originalModel: string;
  readonly reason: Reason | undefined;
  /** The budget that has said so. */
  readonly budget: string | undefined;
  /** Exact, in `unit`; undefined where no budget has anything to say. */
  readonly spent: string | undefined;
  readonly limit: string | undefined;
  readonly unit: string | undefined;
  readonly resetAt: Date | undefined;
  readonly message: string | undefined;
  readonly source: Source;
  /** Milliseconds since the processor was heard. */
  readonly ageMs: number | undefined;
}

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
}

interface Found {
  readonly accounts: Accounts;
  /** As matchers have seen the call. */
  readonly seen: Dimensions;
  readonly standing: Standing;
  readonly own: bigint;
}
interface Ruling extends Found {
  readonly held: Held;
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

  decide(wanted: Wanted, { most, reserve, closed = false }: DecideOptions): Decided {
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
          return { decision: unheard(wanted, this.#state, each), reservation: undefined };
    const rates = this.#state.rates(wanted.provider, wanted.model);
    const asked = this.#look(wanted, rates, most, nowMs);
    const { ruling } = asked;
    if (ruling?.held.limit.action.kind === 'cap')
      return { decision: this.#decision('cap', wanted, wanted.model, ruling), reservation: undefined };
    if (ruling === undefined) {
      const reservation = reserve ? this.#reserve(asked.found, nowMs) : undefined;
      return { decision: allow(wanted, this.#state), reservation };
    }
    const fallback = this.#fallback(wanted, rates, ruling, nowMs);
    const reservation = reserve ? this.#reserve((fallback ?? asked).found, nowMs) : undefined;
    const decision =
      fallback === undefined
        ? { ...this.#decision('allow', wanted, wanted.model, ruling), reason: 'no_fallback' as const }
        : this.#decision('throttle', wanted, fallback.model, ruling);
    return { decision, reservation };
  }

  #look(
    { dimensions, size }: Wanted,
    rates: Rates | undefined,
    most: Strictness,
    nowMs: number,
  ): { readonly found: readonly Found[]; readonly ruling: Ruling | undefined } {
    const found: Found[] = [];
    let ruling: Ruling | undefined;
    // Matchers see what the ledger calls them.
    const seen = rates === undefined ? dimensions : { ...dimensions, ...rates.as };
    for (const accounts of this.#state.accounts) {
      accounts.roll(nowMs);
      if (!accounts.matches(seen)) continue;
      const standing = accounts.standing(seen);
      if (standing === undefined) continue;
      const one = { accounts, standing, own: amountOf(accounts.rule.unit, size, rates), seen };
      found.push(one);
      const { settled, unknown, local, terms } = standing;
      const held = judge(
        terms,
        { settled, unknown, open: local?.open ?? 0n, own: one.own },
        milder(most, mostStrict(accounts.rule.windows, seen, nowMs)),
      );
      if (held === undefined) continue;
      const before = ruling?.held.limit.action.kind;
      if (before === undefined || rank(held.limit.action.kind) > rank(before)) ruling = { ...one, held };
    }
    return { found, ruling };
  }

  /** A model that may stand in: of the same provider, not dearer for this call, large enough, and free of a cap itself. */
  #fallback(
    wanted: Wanted,
    rates: Rates | undefined,
    ruling: Ruling,
    nowMs: number,
  ): { readonly model: string; readonly found: readonly Found[] } | undefined {
    const most = worstCost(wanted.size(), rates);
    let action = ruling.held.limit.action;
    for (let hop = 0; hop < MOST_HOPS; hop++) {
      if (action.kind !== 'throttle' || action.to === wanted.model) return undefined;
      const model = action.to;
      const others = this.#state.rates(wanted.provider, model);
      const cost = worstCost(wanted.size(), others);
      if (most === undefined || cost === undefined || cost > most) return undefined;
      const { input, output } = wanted.size();
      if (others?.context !== undefined && input + output > others.context) return undefined;
      const dimensions = { ...wanted.dimensions, model };
      const again = this.#look({ ...wanted, model, dimensions }, others, 'cap', nowMs);
      const next = again.ruling?.held.limit.action;
      if (next === undefined || (next.kind === 'throttle' && next.to === model)) return { model, found: again.found };
      action = next;
    }
    return undefined;
  }

  #reserve(found: readonly Found[], nowMs: number): Reservation | undefined {
    releaseOld(this.#open, nowMs);
    if (found.length === 0) return undefined;
    const parts = found.map(({ accounts, standing, own, seen }) => ({
      accounts,
      local: standing.local ?? accounts.local(seen),
      startMs: accounts.startMs,
      amount: own,
    }));
    return new Reservation(parts, nowMs, this.#open);
  }

  #decision(action: Decision['action'], wanted: Wanted, model: string, ruling: Ruling): Decision {
    const { accounts, standing, held } = ruling;
    const { unit, budget } = accounts.rule;
    const { action: limitAction, value } = held.limit;
    return {
      action,
      model,
      originalModel: wanted.model,
      reason: held.settled ? 'reached' : 'crowded',
      budget,
      spent: amountText(unit, standing.settled),
      limit: amountText(unit, value),
      unit,
      resetAt: Number.isFinite(accounts.endMs) ? new Date(accounts.endMs) : undefined,
      message: limitAction.kind === 'cap' ? limitAction.message : undefined,
      source: this.#state.source,
      ageMs: this.#state.ageMs,
    };
  }
}

/** The error of a call that is refused. */
export function refusalOf({ budget = 'unknown', reason, message, ...decision }: Decision): BudgetExceededError {
  const { spent = '0', limit = '0', unit = 'USD', resetAt } = decision;
  const words =
    reason === 'unheard'
      ? `the budget ${budget} is not known at the moment, and lets nothing pass until it is`
      : `the budget ${budget} is used up: ${spent} of ${limit} ${unit}`;
  return new BudgetExceededError({
    budget,
    message: message ?? words,
    spent,
    limit,
    unit,
    resetAt: reason === 'reached' ? resetAt : undefined,
    // As soon as one of the calls in the way is over.
    retryAfterMs: reason === 'reached' ? undefined : 1000,
  });
}

/** A decision about which no budget has anything to say. */
export function allow(wanted: Pick<Wanted, 'model'>, { source, ageMs }: Pick<State, 'source' | 'ageMs'>): Decision {
  return {
    action: 'allow',
    model: wanted.model,
    originalModel: wanted.model,
    reason: undefined,
    budget: undefined,
    spent: undefined,
    limit: undefined,
    unit: undefined,
    resetAt: undefined,
    message: undefined,
    source,
    ageMs,
  };
}

function unheard(wanted: Wanted, state: State, accounts?: Accounts): Decision {
  return { ...allow(wanted, state), action: 'cap', reason: 'unheard', budget: accounts?.rule.budget };
}

function amountOf(unit: string, size: () => Size, rates: Rates | undefined): bigint {
  if (unit === 'requests') return 1n;
  const { input, output } = size();
  return unit === 'tokens' ? BigInt(input + output) : (worstCost({ input, output }, rates) ?? 0n);
}

function amountText(unit: string, value: bigint): string {
  return unit === 'USD' ? formatUsd(value) : String(value);
}
