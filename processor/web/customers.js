import { address } from './api.js';
import { amount, unpricedNote } from './amount.js';
import { matcher, panelHead } from './breakdown.js';
import { h, show } from './dom.js';
import { periodWords } from './filters.js';
import { panel, showLesson } from './frame.js';
import { noTags } from './lessons.js';
import { money, shareOf } from './money.js';
import { emptyLesson } from './overview.js';
import { askConcentration, askCustomers, asked, askStatus } from './questions.js';
import { scrolling, table } from './table.js';
import { count, counted, percent } from './words.js';

/** @import { Compared, Concentration, CostRow, Costs, Sums } from './api.js' */
/** @import { Filters } from './filters.js' */

/**
 * Customers, the dearest first, and how few of them make most of the cost.
 * @param {Filters} filters
 * @param {AbortSignal} signal
 * @returns {Promise<string | undefined>}
 */
export async function customersScreen(filters, signal) {
  const subject = asked(filters);
  const [status, costs, concentration] = await Promise.all([
    askStatus(signal),
    askCustomers(subject, signal),
    askConcentration(subject, signal),
  ]);
  if (signal.aborted) return undefined;
  const lesson = costs.total.calls > 0 ? undefined : emptyLesson(status, filters);
  panel('controls').hidden = status.ledger.first === null && costs.total.calls === 0;
  if (lesson === undefined) {
    const csv = address('costs', { ...subject.query, by: 'customer_id', compare: 'previous', format: 'csv' });
    show(panel('concentration'), ...concentrationPanel(concentration));
    show(panel('customer-list'), ...customersPanel(costs, csv));
  }
  showLesson(lesson);
  return `${counted(concentration.values, 'customer')} in ${periodWords(filters.period)}`;
}

/** @param {Concentration} answer */
function concentrationPanel({
  values,
  average_usd: average,
  for_80_percent: few,
  top_twentieth: top,
  ten_times_average: far,
  without,
}) {
  if (values === 0) return [panelHead('How few make most of it'), noTags('customer_id')];
  return [
    panelHead('How few make most of it'),
    h(
      'dl',
      { class: 'tiles' },
      tile('Customers', count(values)),
      average !== null && tile('On average', money(average)),
      few !== null && tile('Make 80 % of the cost', counted(few, 'customer')),
      top.share !== null &&
        tile(`The dearest ${counted(top.values, 'customer')} of ${count(values)}`, percent(top.share)),
      tile('Without a customer', counted(without.calls, 'call')),
    ),
    far.length > 0 &&
      h(
        'p',
        { class: 'warn' },
        'Ten times the average and more: ',
        ...far.flatMap(({ value, cost_usd: cost, times }, i) => [
          i > 0 && ', ',
          `${value} (${times} times, `,
          amount(cost, { where: [matcher('customer_id', '=', value)] }, `customer ${value}`),
          ')',
        ]),
      ),
  ];
}

/** @param {string} name @param {string} text */
function tile(name, text) {
  return h('div', {}, h('dt', {}, name), h('dd', {}, text));
}

/**
 * @param {Costs} costs
 * @param {string} csv
 */
function customersPanel({ rows, total }, csv) {
  const named = rows.filter((row) => row.other !== true).map(nameOf);
  return [
    panelHead('Customers', csv),
    scrolling(
      'Customers, as a table',
      table({
        caption: 'Customers, the dearest first, with the time before',
        look: 'customers',
        columns: [
          { name: 'Customer' },
          { name: 'Calls', right: true },
          { name: 'Cost', right: true },
          { name: 'Share', right: true },
          { name: 'Time before', right: true },
          { name: 'Change', right: true },
          { name: 'Revenue', right: true },
          { name: 'Margin', right: true },
        ],
        rows: rows.map((row) => ({
          key: row.other === true ? 'other' : `=${nameOf(row)}`,
          cells: cells(row, total, named),
        })),
      }),
    ),
    h(
      'p',
      { class: 'faint note-below' },
      'Revenue and margin “—”: what customers pay is not known here, so nothing is claimed.',
    ),
  ];
}

/**
 * @param {CostRow & Compared} row
 * @param {Sums & Compared} total
 * @param {readonly string[]} named
 */
function cells(row, total, named) {
  const name = nameOf(row);
  const where =
    row.other === true ? named.map((name) => matcher('customer_id', '!=', name)) : [matcher('customer_id', '=', name)];
  const label = row.other === true ? 'Other customers' : name || 'Unassigned';
  const { previous, change_usd: change, growth } = row;
  return [
    label === name ? name : h('span', { class: 'faint' }, label),
    count(row.calls),
    [
      row.cost_usd !== null && unpricedNote(row.unpriced_calls),
      ' ',
      amount(row.calls === 0 ? '0' : row.cost_usd, { where }, `customer ${label}`),
    ],
    row.cost_usd === null ? '—' : percent(shareOf(row.cost_usd, total.cost_usd ?? '0')),
    previous == null || previous.calls === 0 ? '—' : previous.cost_usd === null ? '—' : money(previous.cost_usd),
    change == null || previous == null || previous.calls === 0
      ? h('span', { class: 'faint' }, previous?.calls === 0 && (total.previous?.calls ?? 0) > 0 ? 'new' : '—')
      : growth == null
        ? '—'
        : `${growth < 0 ? '−' : '+'}${percent(Math.abs(growth))}`,
    h('span', { class: 'faint' }, '—'),
    h('span', { class: 'faint' }, '—'),
  ];
}

/** @param {CostRow} row */
function nameOf(row) {
  return String(row['customer_id'] ?? '');
}
