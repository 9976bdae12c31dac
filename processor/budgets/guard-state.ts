import type { Micros } from '../../pricing/charge.ts';
import type { Matcher } from '../ledger.ts';
import type { Account } from './account.ts';
import type { ActingBudget } from './acting.ts';
import type { Limit, Terms } from './evaluate.ts';
import { isRolling, type Action, type ActionWindow } from './rule.ts';
import { isWithin, type TimeInterval } from './time-interval.ts';

/**
 * Budgets as guards are told of them. Amounts are whole numbers as text, in the budget's own unit (femto-USD, tokens,
 * requests); instants are milliseconds since the Unix epoch.
 */
export interface RuleMessage {
  readonly budget: string;
  readonly match: readonly Matcher[];
  readonly by: readonly string[];
  readonly unit: string;
  readonly fail_mode: string;
  /** What becomes of calls of models without a price. */
  readonly unpriced: string;
  /** `next_end_ms`: of the period after it, for a guard that hears nothing when it is over. A window that rolls never is. */
  readonly period: { readonly start_ms: number; readonly end_ms: number | null; readonly next_end_ms: number | null };
  readonly terms: readonly TermsMessage[];
  readonly windows: readonly WindowMessage[];
}

interface TermsMessage {
  /** The override's; none for the rule's own terms, which come first. */
  readonly match: readonly Matcher[];
  readonly amount: string;
  /** A key that is not told has spent less than this. */
  readonly floor: string;
  /** That act, the lowest first. `0`: reached before the first call. */
  readonly limits: readonly { readonly value: string; readonly level: string; readonly action: Action }[];
}

interface WindowMessage {
  readonly match: readonly Matcher[];
  readonly max_action: string;
  /** When it holds, as far ahead as is told. */
  readonly holds: readonly (readonly [fromMs: number, toMs: number])[];
}

/**
 * `[rule, terms, spent, values of the "by" labels]`; null for the account that keys beyond `max_keys` share. Terms are the
 * place of those of the rule, or are written out where they depend on what the key pays.
 */
export type KeyMessage = readonly [
  rule: number,
  terms: number | TermsMessage,
  spent: string,
  values: readonly string[] | null,
];

/** Of the lowest limit that acts: keys that have spent less are not told. */
const FLOOR_SHARE = 4n;
const MINUTE: Micros = 60_000_000;
/** How far ahead action windows are told, for guards that lose the processor. */
export const WINDOWS_AHEAD: Micros = 26 * 60 * MINUTE;

export function ruleMessage(budget: ActingBudget, shared: boolean, now: Micros): RuleMessage {
  const { rule, period, terms, nextEndUs } = budget;
  return {
    budget: rule.budget,
    match: rule.match,
    by: rule.by,
    unit: rule.amount.unit,
    fail_mode: rule.failMode,
    unpriced: rule.unpriced,
    period: isRolling(rule.period)
      ? { start_ms: 0, end_ms: null, next_end_ms: null }
      : {
          start_ms: millis(period.startUs),
          end_ms: millis(period.endUs),
          next_end_ms: nextEndUs === undefined ? null : millis(nextEndUs),
        },
    terms: terms.map((each, index) => termsMessage(each, rule.overrides[index - 1]?.match ?? [], shared)),
    windows: rule.actionWindows.map((window) => windowMessage(window, now)),
  };
}

function termsMessage(terms: Terms, match: readonly Matcher[], shared: boolean): TermsMessage {
  return {
    match,
    amount: String(terms.amount.value),
    floor: String(shared ? 0n : floorOf(terms)),
    limits: terms.limits.flatMap((limit) => {
      const { action, label } = limit.threshold;
      return action === undefined ? [] : [{ value: String(actsAt(terms, limit)), level: label, action }];
    }),
  };
}

/** What a limit acts at. With an amount of 0 every share of it is reached before the first call. */
export function actsAt({ amount }: Terms, { threshold: { at }, value }: Limit): bigint {
  return amount.value === 0n && at.kind === 'share' ? 0n : value;
}

/** The spend below which a key is not told, and for which guards then take it. */
export function floorOf(terms: Terms): bigint {
  const lowest = terms.limits.find(({ threshold }) => threshold.action !== undefined);
  return lowest === undefined ? 0n : actsAt(terms, lowest) / FLOOR_SHARE;
}

/** @param terms those of the budget, by whose place the account's own are told */
export function keyMessage(rule: number, terms: readonly Terms[], account: Account): KeyMessage {
  const place = terms.findIndex((each) => isSame(each, account.terms));
  const told = place === -1 ? termsMessage(account.terms, [], false) : place;
  return [rule, told, String(account.spent), account.shared ? null : account.values];
}

function isSame(a: Terms, b: Terms): boolean {
  return a === b || (a.unknown === b.unknown && a.amount.value === b.amount.value && sameLimits(a.limits, b.limits));
}

function sameLimits(a: readonly Limit[], b: readonly Limit[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ value, threshold }, at) => b[at]?.value === value && b[at].threshold === threshold)
  );
}

function windowMessage({ match, interval, maxAction }: ActionWindow, now: Micros): WindowMessage {
  return { match, max_action: maxAction, holds: holding(interval, now) };
}

/** Intervals are written in minutes, so they begin and end with one. */
function holding(interval: TimeInterval, now: Micros): readonly (readonly [number, number])[] {
  const spans: [number, number][] = [];
  let open: number | undefined;
  const from = now - (now % MINUTE);
  for (let at = from; at < from + WINDOWS_AHEAD; at += MINUTE) {
    const holds = isWithin(interval, at);
    if (holds) open ??= millis(at);
    else if (open !== undefined) {
      spans.push([open, millis(at)]);
      open = undefined;
    }
  }
  // Nobody knows what is after it: a window that holds then goes on.
  if (open !== undefined) spans.push([open, Number.MAX_SAFE_INTEGER]);
  return spans;
}

function millis(at: Micros): number {
  return Math.floor(at / 1000);
}
