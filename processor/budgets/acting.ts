import type { Micros } from '../../pricing/charge.ts';
import type { Account } from './account.ts';
import type { Book } from './book.ts';
import { termsOf, type Terms } from './evaluate.ts';
import type { Period } from './period.ts';
import { isRolling, type Rule } from './rule.ts';

/** A budget that acts, as it stands in the running period. */
export interface ActingBudget {
  readonly rule: Rule;
  readonly period: Period;
  /** When the period after it ends; undefined for a window that rolls, which never is over. */
  readonly nextEndUs: Micros | undefined;
  /** Without an override first, then by each override; those of a key may be others, where they depend on its revenue. */
  readonly terms: readonly Terms[];
  /** As they stand whenever it is asked. */
  readonly accounts: Iterable<Account>;
  /** The account that a key is counted in, if there is one yet. */
  find(values: readonly string[]): Account | undefined;
}

/** Undefined for a budget that only tells. */
export function actingOf(book: Book, at: Micros): ActingBudget | undefined {
  const { rule } = book;
  const acts = rule.thresholds.some(({ action, basis }) => action !== undefined && basis !== 'forecast');
  if (!acts && rule.unpriced !== 'block') return undefined;
  const period = book.periodAt(at);
  return {
    rule,
    period,
    nextEndUs: isRolling(rule.period) ? undefined : book.periodAt(period.endUs).endUs,
    terms: termsFor(rule),
    accounts: { [Symbol.iterator]: () => book.accounts(at)[Symbol.iterator]() },
    find: (values) => book.find(at, values, false) ?? book.find(at, values, true),
  };
}

/** The same for as long as the rule is: what is told of a key names its place. */
function termsFor(rule: Rule): readonly Terms[] {
  const known = terms.get(rule);
  if (known !== undefined) return known;
  const made = termsOf(rule);
  terms.set(rule, made);
  return made;
}
const terms = new WeakMap<Rule, readonly Terms[]>();
