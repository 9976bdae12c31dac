import type { Micros } from '../../pricing/charge.ts';
import { matchersText } from '../matcher.ts';
import { roundUsd } from '../../pricing/money.ts';
import type { Forecast } from './forecast.ts';
import { accountLabels, accountMatchers, keyMatchers, isoTime, type Account } from './account.ts';
import type { AmountUnit } from './measure.ts';
import { durationText } from './duration.ts';
import { amountText, levelText, shareText } from './quantity.ts';
import { growthText, type Trend } from './trend.ts';
import type { Threshold } from './rule.ts';
import { fill } from './template.ts';

/** One alert as Alertmanager knows it. What identifies it is in the labels; what changes is in the annotations. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly startsAt: string;
  /** When it stopped to hold; undefined while it does. */
  readonly endsAt?: string;
}

/** An alert as the ledger remembers it; undefined if it is none. */
export function readAlert(payload: string): Alert | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    return isAlert(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isAlert(value: unknown): value is Alert {
  if (typeof value !== 'object' || value === null) return false;
  const { labels, annotations, startsAt } = value as Partial<Record<keyof Alert, unknown>>;
  return isTexts(labels) && isTexts(annotations) && typeof startsAt === 'string';
}

function isTexts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');
}

/** What to look at besides. Undefined where it is not known. */
export interface Context {
  /** Whose calls the money went to, the dearest first: `summarizer 14 USD, search 3.4 USD`. */
  readonly customers?: string | undefined;
  readonly features?: string | undefined;
  /** By the end of the period. */
  readonly outlook?: Forecast | undefined;
}

/** The threshold under which the alert about a flood of keys is remembered. */
export const KEY_FLOOD = 'max_keys';
/** Likewise of the alert that calls have no price. */
export const UNPRICED = 'unpriced';
/** What is told without being a threshold of the file. */
export type Notice = typeof KEY_FLOOD | typeof UNPRICED;

/**
 * The alert of a crossing. Labels without a value are left out, because Alertmanager takes the two for the same.
 *
 * @param forecast what made a threshold on the forecast cross
 */
export function thresholdAlert(
  account: Account,
  threshold: Threshold,
  at: Micros,
  { customers = '', features = '', outlook }: Context,
  forecast?: Forecast,
): Alert {
  const { rule, terms } = account;
  const labels = withValues({
    ...rule.labels,
    ...accountLabels(account),
    alertname: 'BudgetThreshold',
    budget: rule.budget,
    threshold: threshold.label,
    basis: threshold.basis,
    severity: threshold.severity,
    period: rule.period,
  });
  const { unit } = terms.amount;
  const spent = amountText({ unit, value: account.spent });
  const measured = forecast?.expected ?? account.spent;
  const whole = threshold.basis === 'margin' ? (terms.revenue?.allowed ?? 0n) : terms.amount.value;
  const percent = percentOf(measured, whole);
  const growth = rule.trend && growthText(rule.trend, account.spent, account.before);
  const value = growth ?? percent ?? spent;
  const expected = forecast ?? outlook;
  const own = Object.entries(rule.annotations).map(([name, template]) => [name, fill(template, labels, value)]);
  const annotations = withValues({
    summary:
      forecast !== undefined
        ? forecastSummary(account, spent, forecast, percent)
        : threshold.basis === 'margin'
          ? marginSummary(account, spent, percent)
          : summary(account, spent, percent),
    ...facts(account, spent),
    ...revenueFacts(account),
    ...(rule.trend && trendFacts(rule.trend, account)),
    ...(expected && forecastFacts(unit, expected)),
    top_customers: customers,
    top_features: features,
    ...Object.fromEntries(own),
  });
  return { labels, annotations, startsAt: isoTime(at) };
}

/**
 * The page with the calls that an account sums.
 *
 * @param externalUrl its address, '' if it is not known
 * @example withLink(alert, account, 'http://localhost:9464').annotations.dashboard_url
 */
export function withLink(alert: Alert, account: Account, externalUrl: string): Alert {
  if (externalUrl === '') return alert;
  const url = new URL(externalUrl);
  const derive = matchersText(accountMatchers(account));
  const { startUs, endUs } = account.period;
  url.search = new URLSearchParams({ derive, from: isoTime(startUs), to: isoTime(endUs), alone: '' }).toString();
  return { ...alert, annotations: { ...alert.annotations, dashboard_url: url.href } };
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

/** The alert that a budget in USD cannot count some calls of a key. */
export function unpricedAlert(account: Account, at: Micros): Alert {
  const { rule, terms } = account;
  const labels = withValues({
    ...rule.labels,
    ...accountLabels(account),
    alertname: 'BudgetUnpriced',
    budget: rule.budget,
    severity: 'warning',
    period: rule.period,
  });
  const summary = `${whose(account)}: calls without a price are not counted in this ${rule.period}; give their models a price`;
  const spent = amountText({ unit: terms.amount.unit, value: account.spent });
  return { labels, annotations: { summary, ...facts(account, spent) }, startsAt: isoTime(at) };
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
  const { trend } = account.rule;
  if (trend !== undefined) return trendSummary(trend, account, spent);
  const { rule, terms, period, unpricedCalls } = account;
  const share = percent === undefined ? '' : `, ${percent}`;
  const more = unpricedCalls === 0 ? '' : `, and ${unpricedCalls} calls without a price`;
  const since = `${rule.period} from ${isoTime(period.startUs)}`;
  return `${whose(account)}: ${spent} of ${amountText(terms.amount)} spent${share}${more} (${since})`;
}

function forecastSummary(account: Account, spent: string, forecast: Forecast, percent: string | undefined): string {
  const { rule, terms, period } = account;
  const { forecast: expected, forecast_low: low, forecast_high: high } = forecastFacts(terms.amount.unit, forecast);
  const share = percent === undefined ? '' : `, ${percent}`;
  const until = `${rule.period} until ${isoTime(period.endUs)}`;
  return `${whose(account)}: ${expected} of ${amountText(terms.amount)} forecast${share}, between ${low} and ${high}; ${spent} spent so far (${until})`;
}

/** Figures for people: USD to the cent. */
export function forecastFacts(
  unit: AmountUnit,
  { expected, low, high, method }: Forecast,
): {
  readonly forecast: string;
  readonly forecast_low: string;
  readonly forecast_high: string;
  readonly forecast_method: string;
} {
  const text = (value: bigint): string => amountText({ unit, value: unit === 'USD' ? roundUsd(value, 2) : value });
  return { forecast: text(expected), forecast_low: text(low), forecast_high: text(high), forecast_method: method };
}

function marginSummary(account: Account, spent: string, percent: string | undefined): string {
  const { unit } = account.terms.amount;
  const { paid = 0n, allowed: value = 0n } = account.terms.revenue ?? {};
  const { revenue, margin } = revenueFacts(account);
  const allowed = value === paid ? '' : `, of which ${amountText({ unit, value })} may be spent`;
  const share = percent === undefined ? '' : ` (${percent})`;
  return `${whose(account)}: ${spent} spent${share} of a revenue of ${revenue}${allowed}; the margin is ${margin === '' ? 'none' : margin}`;
}

function revenueFacts({ terms: { amount, revenue }, spent }: Account): {
  readonly revenue: string;
  readonly margin: string;
} {
  if (revenue === undefined) return { revenue: '', margin: '' };
  const { paid } = revenue;
  const left = paid <= 0n ? '' : `${shareText((paid - spent) * 100n, paid, 1)}%`;
  return { revenue: amountText({ unit: amount.unit, value: paid }), margin: left };
}

function trendSummary(trend: Trend, account: Account, spent: string): string {
  const { growth, spent_before: before } = trendFacts(trend, account);
  const change = growth === '' ? 'nothing' : `${before}, ${growth} in the same time`;
  const [over, compare] = [durationText(trend.overUs), durationText(trend.compareUs)];
  return `${whose(account)}: ${spent} in ${over}, after ${change} in the ${compare} before (${trend.kind} above ${levelText(trend.above)})`;
}

function trendFacts(
  trend: Trend,
  { spent, before }: Account,
): { readonly spent_before: string; readonly growth: string } {
  const growth = growthText(trend, spent, before) ?? '';
  return { spent_before: amountText({ unit: trend.floor.unit, value: before }), growth };
}

function whose(account: Account): string {
  const who = matchersText(keyMatchers(account));
  const of = account.shared ? ' of all keys beyond max_keys' : who === '' ? '' : ` of ${who}`;
  return `${account.rule.budget}${of}`;
}

function percentOf(value: bigint, amount: bigint): string | undefined {
  return amount === 0n ? undefined : `${shareText(value * 100n, amount, 1)}%`;
}

function withValues(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}
