import { amount, unpricedNote } from './amount.js';
import { h } from './dom.js';
import { noun } from './filters.js';
import { shareOf } from './money.js';
import { counted, percent } from './words.js';

/** @import { CostRow, Costs } from './api.js' */
/** @import { Child } from './dom.js' */
/** @import { Matcher } from './filters.js' */

/**
 * Cost by one dimension, dearest first: a bar, the share and the calls of each, what is left out in one row.
 * @param {{ title: string, by: string, costs: Costs, csv: string, lesson: Child }} panel
 * `lesson` stands below the rows
 */
export function breakdown({ title, by, costs, csv, lesson }) {
  const dearest = costs.rows.find((row) => row.cost_usd !== null && row.other !== true)?.cost_usd ?? '0';
  const total = costs.total.cost_usd ?? '0';
  const named = costs.rows.filter((row) => row.other !== true).map((row) => valueOf(row, by));
  const rows = costs.rows.map((row) => {
    const value = valueOf(row, by);
    const label = row.other === true ? `Other ${noun(by, true)}` : value || 'Unassigned';
    /** @type {Matcher[]} */
    const where = row.other === true ? named.map((value) => matcher(by, '!=', value)) : [matcher(by, '=', value)];
    const share = row.cost_usd === null ? 0 : shareOf(row.cost_usd, total);
    const length = row.cost_usd === null ? 0 : Math.min(1, shareOf(row.cost_usd, dearest));
    return h(
      'li',
      { 'data-key': row.other === true ? 'other' : `=${value}` },
      h(
        'div',
        { class: 'first' },
        h('span', { class: label === value ? 'name' : 'name plain', title: label }, label),
        row.cost_usd !== null && unpricedNote(row.unpriced_calls),
        amount(row.cost_usd, { where }, `${noun(by)} ${label}`, { dearest }),
      ),
      h('span', { class: row.other === true ? 'bar plain' : 'bar', '--length': length, 'aria-hidden': 'true' }),
      h(
        'span',
        { class: 'facts' },
        row.cost_usd !== null && `${percent(share)} · `,
        `${counted(row.calls, 'call')} `,
        row.cost_usd === null && h('span', { class: 'warn' }, 'unpriced'),
      ),
    );
  });
  return [panelHead(title, csv), h('ol', { class: 'rows' }, ...rows), lesson];
}

/**
 * @param {string} title
 * @param {string} [csv] address of the same figures as CSV
 */
export function panelHead(title, csv) {
  return h(
    'div',
    { class: 'head' },
    h('h2', {}, title),
    csv !== undefined && h('a', { href: csv, download: true, 'aria-label': `CSV: ${title}` }, 'CSV'),
  );
}

/**
 * @param {string} name
 * @param {Matcher['op']} op
 * @param {string} value
 * @returns {Matcher}
 */
function matcher(name, op, value) {
  return { name, op, value };
}

/**
 * @param {CostRow} row
 * @param {string} name
 */
function valueOf(row, name) {
  const value = row[name];
  return typeof value === 'string' ? value : '';
}
