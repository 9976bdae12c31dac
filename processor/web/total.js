import { amount } from './amount.js';
import { h } from './dom.js';
import { femto, money, usd } from './money.js';
import { counted, count, percent, short } from './words.js';

/** @import { Budget, Status, Sums } from './api.js' */

/** A price book that wasn't checked for longer than this may be wrong. */
const STALE_DAYS = 90;

/**
 * @param {Sums} total
 * @param {string} words the period
 * @param {Sums} week the last seven days
 * @param {Status} status
 * @param {readonly Budget[]} budgets
 */
export function totalPanel(total, words, week, status, budgets) {
  return [
    h('h2', {}, `Cost in ${words}`),
    amount(
      total.calls === total.unpriced_calls && total.calls > 0 ? null : total.cost_usd,
      {},
      `total cost in ${words}`,
      { big: true },
    ),
    total.unpriced_calls > 0 &&
      h(
        'p',
        { class: 'warn' },
        `${counted(total.unpriced_calls, 'call')} ${total.unpriced_calls === 1 ? 'is' : 'are'} not in this figure: no price`,
      ),
    pace(week, status),
    worst(budgets),
    h(
      'dl',
      { class: 'trio' },
      h('div', {}, h('dt', {}, 'Calls'), h('dd', {}, count(total.calls))),
      h(
        'div',
        {},
        h('dt', {}, 'Input tokens'),
        h('dd', { title: count(total.input_tokens) }, short(total.input_tokens)),
      ),
      h(
        'div',
        {},
        h('dt', {}, 'Output tokens'),
        h('dd', { title: count(total.output_tokens) }, short(total.output_tokens)),
      ),
    ),
  ];
}

/**
 * What a month costs at the pace of a week: no forecast of a budget, which knows its period.
 * @param {Sums} week
 * @param {Status} status
 */
function pace({ cost_usd: cost }, { ledger: { first }, now }) {
  if (first === null || cost === null) return null;
  if (!isOlder(first, now, 7)) return h('p', { class: 'faint' }, 'A forecast needs 7 days of calls');
  const month = (femto(cost) * 30n) / 7n;
  return h('p', { class: 'faint' }, `${money(usd(month))} in 30 days at the pace of the last 7`);
}

/** @param {readonly Budget[]} budgets the fullest first */
function worst([budget]) {
  if (budget?.ratio == null) return null;
  const whose = Object.values(budget.labels).map((value) => value || 'Unassigned');
  return h(
    'p',
    { class: 'faint' },
    'Fullest budget ',
    h(
      'a',
      {
        href: '?screen=budgets',
        'data-screen': 'budgets',
        class: budget.ratio > 1 ? 'bad' : budget.ratio >= 0.7 ? 'warn' : '',
      },
      percent(budget.ratio),
    ),
    ` · ${[budget.budget, ...whose].join(' · ')}`,
  );
}

/** Whether the ledger goes back so many days. @param {string} first @param {string} now @param {number} days */
export function isOlder(first, now, days) {
  return Date.parse(now) - Date.parse(first) >= days * 86_400_000;
}

/**
 * How far the figures can be trusted, at a glance; the Quality screen has the whole of it.
 * @param {Status} status
 * @param {Pick<Sums, 'calls' | 'unpriced_calls'>} total
 * @param {{ customer_id: number, feature: number }} untagged calls without the tag
 */
export function qualityFacts({ prices }, total, untagged) {
  const { age_days: age, version, models, checked, held } = prices;
  const missing = Math.max(untagged.customer_id, untagged.feature);
  const facts = [
    total.calls > 0 &&
      h(
        'li',
        {
          title: `Without a customer ${count(untagged.customer_id)}, without a feature ${count(untagged.feature)} of ${counted(total.calls, 'call')}`,
        },
        `tagged ${percent((total.calls - missing) / total.calls)}`,
      ),
    total.unpriced_calls > 0 &&
      h(
        'li',
        {},
        h(
          'button',
          { type: 'button', class: 'link warn', 'aria-haspopup': 'dialog', 'data-derive': 'status="unpriced"' },
          `unpriced ${count(total.unpriced_calls)}`,
        ),
      ),
    total.calls > 0 && total.unpriced_calls === 0 && h('li', { title: 'Every call has a price' }, 'unpriced 0'),
    h(
      'li',
      {
        class: age > STALE_DAYS ? 'warn' : undefined,
        title: `${count(models)} models, version ${version}, last checked ${checked}`,
      },
      age <= 0 ? 'prices of today' : `prices ${counted(age, 'day')} old`,
    ),
    held > 0 &&
      h(
        'li',
        { class: 'warn', title: 'The published list has other rates for models that have a price: the log says which' },
        `${counted(held, 'price change')} to approve`,
      ),
  ];
  return facts;
}
