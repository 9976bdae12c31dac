import type { Dimensions } from './key-index.ts';
import type { Limit, Terms, Window } from './wire.ts';

/** From the mildest to the strictest. */
export const strictness = ['alert', 'throttle', 'cap'] as const;
export type Strictness = (typeof strictness)[number];

/** What a key has used. */
export interface Use {
  /** Told by the processor, or settled here since. */
  readonly settled: bigint;
  /** What may have been spent besides, by others, without our having been told. */
  readonly unknown: bigint;
  /** Reserved by calls that are open. */
  readonly open: bigint;
  /** What this call may cost at most. */
  readonly own: bigint;
}

/** A limit that holds against a call. */
export interface Held {
  readonly limit: Limit;
  /** It is reached by what was settled alone; false: calls that are open might reach it. */
  readonly settled: boolean;
  /** There is no lease that the call fits in. */
  readonly unleased?: true;
}

/**
 * What a budget does with a call: the strictest action of the limits that are reached, the highest of them among equals.
 * A call that is alone passes as long as anything is left, as in the processor, so one call may go over a limit. Side by
 * side, only calls pass that fit together, whatever was spent meanwhile that is not told. More spend never makes it milder.
 *
 * @param most what may hold at most
 * @example judge(terms, { settled: parseUsd('5.50'), unknown: 0n, open: 0n, own: 1n }, 'cap')?.limit.action.kind // 'cap'
 */
export function judge({ limits }: Terms, { settled, unknown, open, own }: Use, most: Strictness): Held | undefined {
  let held: Held | undefined;
  for (const limit of limits) {
    const { value, action } = limit;
    if (rank(action.kind) > rank(most)) continue;
    const used = settled + open;
    const crowded = action.kind === 'cap' && open > 0n && used + unknown + own > value;
    if (used < value && !crowded) continue;
    if (held === undefined || rank(action.kind) >= rank(held.limit.action.kind))
      held = { limit, settled: settled >= value };
  }
  return held;
}

/** The strictest action that may hold now, by the windows in which actions are held back. */
export function mostStrict(windows: readonly Window[], dimensions: Dimensions, nowMs: number): Strictness {
  let most: Strictness = 'cap';
  for (const { match, maxAction, holds } of windows) {
    if (!holds.some(([from, to]) => from <= nowMs && nowMs < to)) continue;
    if (rank(maxAction) < rank(most) && match.every(({ name, test }) => test(dimensions[name] ?? ''))) most = maxAction;
  }
  return most;
}

export function rank(action: Strictness): number {
  return strictness.indexOf(action);
}

export function milder(a: Strictness, b: Strictness): Strictness {
  return rank(a) < rank(b) ? a : b;
}
