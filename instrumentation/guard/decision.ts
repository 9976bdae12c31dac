import { BudgetExceededError } from './error.ts';
import type { Dimensions } from './key-index.ts';
import type { Source, State } from './state.ts';
import type { Size } from './worst-case.ts';

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
 * - `unpriced`: the model has no price, and the budget lets none of those pass
 * - `unleased`: the cap is leased, and what was granted to this process does not hold the call yet
 * - `oversized`: the cap is leased, and the call may cost more than is left of it
 * - `no_fallback`: there is no other model that is not dearer and that the call fits into
 */
export type Reason =
  | 'reached'
  | 'crowded'
  | 'unheard'
  | 'unpriced'
  | 'unleased'
  | 'oversized'
  | 'no_fallback'
  | 'ceiling';

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

/** The error of a call that is refused. */
export function refusalOf({ budget = 'unknown', reason, message, ...decision }: Decision): BudgetExceededError {
  const final = reason === 'reached' || reason === 'unpriced' || reason === 'oversized';
  const { spent = '0', limit = '0', unit = 'USD', resetAt } = decision;
  const words =
    reason === 'unheard'
      ? `the budget ${budget} is not known at the moment, and lets nothing pass until it is`
      : reason === 'unpriced'
        ? `the budget ${budget} lets no model pass that has no price, and ${decision.originalModel} has none`
        : reason === 'unleased'
          ? `the budget ${budget} has nothing to spare for this call at the moment: ${spent} of ${limit} ${unit} are spent`
          : reason === 'oversized'
            ? `the budget ${budget} has not as much left as this call may cost: ${spent} of ${limit} ${unit} are spent`
            : `the budget ${budget} is used up: ${spent} of ${limit} ${unit}`;
  return new BudgetExceededError({
    budget,
    message: message ?? words,
    spent,
    limit,
    unit,
    resetAt: reason === 'reached' || reason === 'oversized' ? resetAt : undefined,
    // As soon as one of the calls in the way is over.
    retryAfterMs: final ? undefined : 1000,
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

/** A budget that fails closed lets nothing pass while the processor is not heard. */
export function unheard(wanted: Wanted, state: State, budget?: string): Decision {
  return { ...allow(wanted, state), action: 'cap', reason: 'unheard', budget };
}
