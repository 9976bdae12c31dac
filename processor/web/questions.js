import { address, get } from './api.js';
import { filterMatchers, rangeOf, whereText } from './filters.js';

/** @import { Budget, Costs, Entries, Status } from './api.js' */
/** @import { Filters, Matcher } from './filters.js' */

/** Rows of a breakdown, and recent calls. */
const [TOP, RECENT] = [8, 15];
/** Days are those of the reader. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** @type {readonly Matcher[]} */
const tagged = [
  { name: 'customer_id', op: '!=', value: '' },
  { name: 'feature', op: '!=', value: '' },
];

/** @typedef {Awaited<ReturnType<typeof ask>>} Answers */

/**
 * Asks for everything that the page shows, at once.
 * @param {Filters} filters
 * @param {AbortSignal} signal
 */
export async function ask(filters, signal) {
  const range = rangeOf(filters.period, new Date());
  const chosen = filterMatchers(filters);
  const query = { from: range.from.toISOString(), to: range.to.toISOString(), where: whereText(chosen) };
  /** @param {Record<string, string | number | undefined>} more */
  const costs = (more) => /** @type {Promise<Costs>} */ (get(address('costs', { ...query, ...more }), signal));
  /** What can be chosen does not depend on what is chosen. @param {'environment' | 'plan'} name */
  const values = (name) =>
    costs({ by: name, where: whereText(filterMatchers({ ...filters, [name]: undefined })), top: 100 });
  const [feature, customer, model, perBucket, withTags, environments, plans, budgets, entries, status] =
    await Promise.all([
      costs({ by: 'feature', top: TOP }),
      costs({ by: 'customer_id', top: TOP }),
      costs({ by: 'model', top: TOP }),
      costs({ bucket: range.bucket, tz: zone }),
      costs({ where: whereText([...chosen, ...tagged]) }),
      values('environment'),
      values('plan'),
      /** @type {Promise<{ budgets: Budget[] }>} */ (get(address('budgets'), signal)),
      /** @type {Promise<Entries>} */ (get(address('entries', { ...query, limit: RECENT }), signal)),
      /** @type {Promise<Status>} */ (get(address('status'), signal)),
    ]);
  return {
    range,
    query,
    feature,
    customer,
    model,
    perBucket,
    withTags,
    environments,
    plans,
    ...budgets,
    ...entries,
    status,
  };
}
