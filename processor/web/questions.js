import { address, get } from './api.js';
import { filterMatchers, rangeOf, whereText } from './filters.js';

/** @import { Budget, Candidates, Concentration, Costs, Entries, Overview, Quality, Status } from './api.js' */
/** @import { Filters, Range } from './filters.js' */

/** Rows of a breakdown, recent calls, customers of their screen. */
const [TOP, RECENT, CUSTOMERS] = [8, 15, 100];
/** Days are those of the reader. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @typedef {{ range: Range, query: { from: string, to: string, where: string } }} Asked */

/**
 * The part of every question that the filters make.
 * @param {Filters} filters
 * @returns {Asked}
 */
export function asked(filters) {
  const range = rangeOf(filters.period, new Date());
  const query = {
    from: range.from.toISOString(),
    to: range.to.toISOString(),
    where: whereText(filterMatchers(filters)),
  };
  return { range, query };
}

/** @param {AbortSignal} signal @returns {Promise<Status>} */
export function askStatus(signal) {
  return get(address('status'), signal);
}

/** @param {AbortSignal} signal @returns {Promise<{ budgets: Budget[] }>} */
export function askBudgets(signal) {
  return get(address('budgets'), signal);
}

/** @param {Asked} asked @param {AbortSignal} signal @returns {Promise<Overview>} */
export function askOverview({ range, query }, signal) {
  return get(address('overview', { ...query, bucket: range.bucket, tz: zone, top: TOP }), signal);
}

/** @param {Asked} asked @param {AbortSignal} signal @returns {Promise<Candidates>} */
export function askCandidates({ query }, signal) {
  return get(address('candidates', { ...query, top: TOP }), signal);
}

/** @param {Asked} asked @param {AbortSignal} signal @returns {Promise<Entries>} */
export function askCalls({ query }, signal) {
  return get(address('entries', { ...query, limit: RECENT }), signal);
}

/** @param {Asked} asked @param {AbortSignal} signal @returns {Promise<Costs>} */
export function askCustomers({ query }, signal) {
  return get(address('costs', { ...query, by: 'customer_id', top: CUSTOMERS, compare: 'previous' }), signal);
}

/** @param {Asked} asked @param {AbortSignal} signal @returns {Promise<Concentration>} */
export function askConcentration({ query }, signal) {
  return get(address('concentration', query), signal);
}

/** @param {Asked} asked @param {AbortSignal} signal @returns {Promise<Quality>} */
export function askQuality({ query }, signal) {
  return get(address('quality', query), signal);
}

/**
 * What can be chosen does not depend on what is chosen.
 * @param {'environment' | 'plan'} name
 * @param {Filters} filters
 * @param {AbortSignal} signal
 * @returns {Promise<Costs>}
 */
export function askChoices(name, filters, signal) {
  const { query } = asked({ ...filters, [name]: undefined });
  return get(address('costs', { ...query, by: name, top: 100 }), signal);
}
