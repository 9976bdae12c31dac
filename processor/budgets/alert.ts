import type { Micros } from '../../pricing/charge.ts';
import { matchersText } from '../matcher.ts';
import { accountLabels, keyMatchers, isoTime, type Account } from './account.ts';
import { amountText, shareText } from './quantity.ts';
import type { Threshold } from './rule.ts';
import { fill } from './template.ts';

/** One alert as Alertmanager knows it. What identifies it is in the labels; what changes is in the annotations. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly startsAt: string;
}

/** Whose calls the money went to, the dearest first: `summarizer 14 USD, search 3.4 USD`. Undefined if not asked. */
export interface Top {
  readonly customers: string | undefined;
  readonly features: string | undefined;
}

/** The threshold under which the alert about a flood of keys is remembered. */
export const KEY_FLOOD = 'max_keys';

/**
 * The alert of a crossing. Labels without a value are left out, because Alertmanager takes the two for the same.
 */
export function thresholdAlert(account: Account, threshold: Threshold, at: Micros, top: Top): Alert {
  const { rule, spent, terms } = account;
  const named = accountLabels(account);
  const labels = withValues({
    ...rule.labels,
    ...named,
    alertname: 'BudgetThreshold',
    budget: rule.budget,
    threshold: threshold.label,
    basis: threshold.basis,
    severity: threshold.severity,
    period: rule.period,
  });
  const percent = terms.amount.value === 0n ? undefined : `${shareText(spent * 100n, terms.amount.value, 1)}%`;
  const spentText = amountText({ unit: terms.amount.unit, value: spent });
  const value = percent ?? spentText;
  const own = Object.entries(rule.annotations).map(([name, template]) => [name, fill(template, labels, value)]);
  const annotations = withValues({
    summary: summary(account, spentText, percent),
    ...facts(account, spentText),
    top_customers: top.customers ?? '',
    top_features: top.features ?? '',
    ...Object.fromEntries(own),
  });
  return { labels, annotations, startsAt: isoTime(at) };
}

/** The alert that more keys were seen than a budget keeps apart. */
export function keyFloodAlert(account: Account, at: Micros): Alert {
  const { rule } = account;
  const labels = {
    ...rule.labels,
    alertname: 'BudgetKeyFlood',
    budget: rule.budget,
    severity: 'warning',
    period: rule.period,
  };
  const what = `more than ${rule.maxKeys} values of ${rule.by.join(', ')}`;
  const summary = `${rule.budget}: ${what} in this ${rule.period}; the rest share one budget named "other". Is a tag filled with ids of requests?`;
  const annotations = {
    summary,
    max_keys: String(rule.maxKeys),
    ...facts(account, amountText({ unit: account.terms.amount.unit, value: account.spent })),
  };
  return { labels, annotations, startsAt: isoTime(at) };
}

function facts(account: Account, spent: string): Readonly<Record<string, string>> {
  const { terms, period } = account;
  return {
    spent,
    amount: amountText(terms.amount),
    ratio: terms.amount.value === 0n ? '' : shareText(account.spent, terms.amount.value, 6),
    period_start: isoTime(period.startUs),
    period_end: isoTime(period.endUs),
    unpriced_calls: String(account.unpricedCalls),
  };
}

function summary(account: Account, spent: string, percent: string | undefined): string {
  const { rule, terms, period, unpricedCalls } = account;
  const who = matchersText(keyMatchers(account));
  const share = percent === undefined ? '' : `, ${percent}`;
  const more = unpricedCalls === 0 ? '' : `, and ${unpricedCalls} calls without a price`;
  const whose = account.shared ? ' of all keys beyond max_keys' : who === '' ? '' : ` of ${who}`;
  const since = `${rule.period} from ${isoTime(period.startUs)}`;
  return `${rule.budget}${whose}: ${spent} of ${amountText(terms.amount)} spent${share}${more} (${since})`;
}

function withValues(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}
