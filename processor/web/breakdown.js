import { amount, unpricedNote } from './amount.js';
import { h } from './dom.js';
import { noun } from './filters.js';
import { shareOf } from './money.js';
import { counted, percent } from './words.js';

/** @import { CostRow, Sums } from './api.js' */
/** @import { Child } from './dom.js' */
/** @import { Matcher } from './filters.js' */

/**
 * Cost by a dimension, dearest first: a bar, the share and the calls of each, what is left out in one row.
 * @param {{ title: string, by: readonly string[], rows: readonly CostRow[], total: Sums, csv: string, lesson: Child }} panel
 * the first of `by` names a row, the others stand behind it; `lesson` stands below the rows
 */
export function breakdown({ title, by: [by = '', ...more], rows: all, total: { cost_usd: whole }, csv, lesson }) {
  const dearest = all.find((row) => row.cost_usd !== null && row.other !== true)?.cost_usd ?? '0';
  const total = whole ?? '0';
  const named = all.filter((row) => row.other !== true).map((row) => valueOf(row, by));
  const rows = all.map((row) => {
    const value = valueOf(row, by);
    const label = row.other === true ? `Other ${noun(by, true)}` : value || 'Unassigned';
    const behind = row.other === true ? [] : more.map((name) => valueOf(row, name)).filter(Boolean);
    /** @type {Matcher[]} */
    const where =
      row.other === true
        ? [...new Set(named)].map((value) => matcher(by, '!=', value))
        : [by, ...more].map((name) => matcher(name, '=', valueOf(row, name)));
    const share = row.cost_usd === null ? 0 : shareOf(row.cost_usd, total);
    const length = row.cost_usd === null ? 0 : Math.min(1, shareOf(row.cost_usd, dearest));
    return h(
      'li',
      { 'data-key': row.other === true ? 'other' : `=${[value, ...behind].join(String.fromCharCode(0))}` },
      h(
        'div',
        { class: 'first' },
        h(
          'span',
          { class: label === value ? 'name' : 'name plain', title: [label, ...behind].join(' ') },
          label,
          behind.length > 0 && h('span', { class: 'faint' }, ` ${behind.join(' ')}`),
        ),
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
export function matcher(name, op, value) {
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
