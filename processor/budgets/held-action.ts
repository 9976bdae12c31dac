import type { Micros } from '../../pricing/charge.ts';
import type { Dimensions } from '../ledger.ts';
import { matchAll } from '../matcher.ts';
import type { Terms } from './evaluate.ts';
import { strictness, type Action, type Rule, type Threshold } from './rule.ts';
import { isWithin } from './time-interval.ts';

/** An action that holds now, and what it comes from. */
export interface Held {
  readonly rule: Rule;
  readonly threshold: Threshold;
  readonly action: Action;
}

/**
 * What a budget does with a call now: the strictest action of the thresholds that are reached, the highest of them among
 * equals; undefined if it lets the call pass. More spend never makes it milder. With an amount of 0 every share of it is
 * reached before the first call.
 *
 * @param spent of the call's key in the running period
 * @example heldAction(rule, terms, parseUsd('5.50'), dimensions, now)?.action // { kind: 'cap', message: undefined }
 */
export function heldAction(
  rule: Rule,
  terms: Terms,
  spent: bigint,
  dimensions: Dimensions,
  now: Micros,
): Held | undefined {
  const reached = terms.limits.filter(
    ({ threshold: { at, action }, value }) =>
      action !== undefined && (spent >= value || (terms.amount.value === 0n && at.kind === 'share')),
  );
  if (reached.length === 0) return undefined;
  const most = mostStrict(rule, dimensions, now);
  const held = reached.flatMap(({ threshold }) => {
    const { action } = threshold;
    return action === undefined || rank(action) > most ? [] : [{ rule, threshold, action }];
  });
  // Of equals the last, which is the highest.
  return strictestFirst(held.toReversed())[0];
}

/**
 * Of the actions that several budgets hold against one call, the strictest first: it wins. Among equals the order of the
 * file stays.
 */
export function strictestFirst(held: readonly Held[]): readonly Held[] {
  return held.toSorted((a, b) => rank(b.action) - rank(a.action));
}

function mostStrict({ actionWindows }: Rule, dimensions: Dimensions, now: Micros): number {
  const ranks = actionWindows
    .filter(({ match, interval }) => matchAll(match)(dimensions) && isWithin(interval, now))
    .map(({ maxAction }) => strictness.indexOf(maxAction));
  return Math.min(strictness.indexOf('cap'), ...ranks);
}

function rank({ kind }: Action): number {
  return strictness.indexOf(kind);
}
