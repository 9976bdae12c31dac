import { amount } from './amount.js';
import { h } from './dom.js';
import { counted, count, percent, short } from './words.js';

/** @import { Status, Sums } from './api.js' */

/** A price book that wasn't checked for longer than this may be wrong. */
const STALE_DAYS = 90;

/**
 * @param {Sums} total
 * @param {string} words the period
 */
export function totalPanel(total, words) {
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
 * How far the figures can be trusted, at a glance.
 * @param {Sums} total
 * @param {Sums} withTags the same of the calls that have a customer and a feature
 * @param {Status} status
 */
export function qualityFacts(total, withTags, { prices }) {
  const { age_days: age, version, models, checked, held } = prices;
  const facts = [
    total.calls > 0 &&
      h(
        'li',
        { title: 'Calls that say which customer and which feature they were for' },
        `tagged ${percent(withTags.calls / total.calls)}`,
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
