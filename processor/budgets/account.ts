import type { Micros } from '../../pricing/charge.ts';
import type { Matcher } from '../ledger.ts';
import type { Terms } from './evaluate.ts';
import type { Period } from './period.ts';
import type { Rule } from './rule.ts';

/** One key of one budget in one period: what was spent, and what was told. */
export interface Account {
  readonly rule: Rule;
  /** Of a window that rolls: as it stands now. */
  period: Period;
  /** What its tracker knows it by. */
  readonly key: string;
  /** Values of the `by` labels, in the rule's order. */
  readonly values: readonly string[];
  /** The account that keys beyond `max_keys` share. */
  readonly shared: boolean;
  terms: Terms;
  /** Calls that each override matches, as the first in the list to do so; empty where none has matched. */
  overrideCalls: number[];
  spent: bigint;
  /** In the window before this one, where a trend compares with it; else 0. */
  before: bigint;
  unpricedCalls: number;
  /** Thresholds crossed: when that was told, or undefined while it is being remembered. */
  fired: ReadonlyMap<string, Micros | undefined>;
}

/** Most accounts never cross anything: they share this. */
export const noneFired: Account['fired'] = new Map();

/** The `by` labels. A tag that calls do not carry is ''. */
export function accountLabels({ rule, values, shared }: Account): Readonly<Record<string, string>> {
  return Object.fromEntries(rule.by.map((name, index) => [name, shared ? 'other' : (values[index] ?? '')]));
}

/** The calls that an account sums, as matchers. Keys beyond `max_keys` are not told apart: all calls of the budget. */
export function accountMatchers(account: Account): readonly Matcher[] {
  return [...account.rule.match, ...keyMatchers(account)];
}

/** The key alone: `customer_id="acme"`. */
export function keyMatchers({ rule, values, shared }: Account): readonly Matcher[] {
  return shared ? [] : rule.by.map((name, index) => ({ name, op: '=', value: values[index] ?? '' }));
}

/**
 * What a crossing is remembered under: `budget|labels|period start|threshold`. Labels in alphabetical order, as JSON, so
 * that neither the order of `by` nor a value with a bar in it makes another key.
 *
 * @example 'customer-monthly|{"customer_id":"acme"}|month 2026-11-01T00:00:00.000Z|70%'
 */
export function crossingKey(account: Account, threshold: string): string {
  const { period } = account;
  return `${keyStart(account)}${isoTime(period.startUs)}|${threshold}`;
}

/**
 * Whether a crossing was remembered under this key for the account: in its period, or, where the window rolls, at any
 * time, for it holds until it is resolved.
 */
export function isCrossingOf(account: Account, threshold: string, key: string): boolean {
  if (account.period.kind !== 'rolling') return key === crossingKey(account, threshold);
  return key.startsWith(keyStart(account)) && key.endsWith(`|${threshold}`);
}

function keyStart(account: Account): string {
  const { rule, period, shared } = account;
  const labels = Object.entries(accountLabels(account)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const who = shared ? 'other' : JSON.stringify(Object.fromEntries(labels));
  return `${rule.budget}|${who}|${period.kind} `;
}

/** @example isoTime(1_764_028_800_000_000) // '2025-11-25T00:00:00.000Z' */
export function isoTime(at: Micros): string {
  return new Date(Math.floor(at / 1000)).toISOString();
}
