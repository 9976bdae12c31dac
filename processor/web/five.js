import { amount } from './amount.js';
import { matcher, panelHead } from './breakdown.js';
import { h } from './dom.js';
import { linesTable } from './lines.js';
import { exact, femto, money, shareOf, usd } from './money.js';
import { scrolling, table } from './table.js';
import { isOlder } from './total.js';
import { count, counted, percent } from './words.js';

/** @import { Candidates, CostRow, Overview, Status, Sums, Use } from './api.js' */

/** Four of the five questions; the first, which feature costs the most, is a breakdown. */

/** Rows of a panel. */
const SHOWN = 8;
/** Cheaper than this in seven days, growth says nothing. */
const FLOOR = femto('0.01');

/**
 * Features by what they cost more than in the seven days before, whatever their size.
 * @param {Overview['growth']} growth
 * @param {Status} status
 */
export function growthPanel({ rows, from, to, previous }, { ledger, now }) {
  const head = panelHead('Which feature grows fastest', csvOfGrowth({ from, to }));
  if (ledger.first !== null && !isOlder(ledger.first, now, 7))
    return [
      head,
      h('p', { class: 'faint' }, 'Growth compares seven days with the seven before: it needs 7 days of calls.'),
    ];
  const [week, before] = [
    { from: new Date(from), to: new Date(to) },
    { from: new Date(previous.from), to: new Date(previous.to) },
  ];
  const changed = rows
    .filter(({ change_usd: change, cost_usd: cost, previous: old }) => {
      return change != null && [cost, old?.cost_usd].some((usd) => usd != null && femto(usd) >= FLOOR);
    })
    .toSorted((a, b) => compare(b.change_usd, a.change_usd))
    .slice(0, SHOWN);
  return [
    head,
    changed.length === 0
      ? h('p', { class: 'faint' }, 'No feature cost a cent in the last seven days, or in the seven before.')
      : table({
          caption: 'Cost of features in the last seven days and in the seven before',
          look: 'compact',
          columns: [
            { name: 'Feature' },
            { name: '7 days', right: true },
            { name: 'Before', right: true },
            { name: 'Growth', right: true },
          ],
          rows: changed.map((row) => {
            const name = String(row['feature'] ?? '');
            const where = [matcher('feature', '=', name)];
            return {
              key: `=${name}`,
              cells: [
                label(name),
                amount(row.cost_usd, { where, ...week }, `feature ${name}, last 7 days`),
                amount(row.previous?.cost_usd ?? null, { where, ...before }, `feature ${name}, 7 days before`),
                h(
                  'span',
                  { class: compare(row.change_usd, '0') > 0 ? 'warn' : 'good', title: change(row.change_usd) },
                  growthText(row),
                ),
              ],
            };
          }),
        }),
    ledger.first !== null &&
      !isOlder(ledger.first, now, 14) &&
      h(
        'p',
        { class: 'faint note-below' },
        'The ledger is younger than 14 days: there is less before to compare with.',
      ),
  ];
}

/** @param {{ from: string, to: string }} range */
function csvOfGrowth({ from, to }) {
  const query = new URLSearchParams({ by: 'feature', from, to, compare: 'previous', format: 'csv' });
  return `api/v1/costs?${query.toString()}`;
}

/** @param {{ growth?: number | null, cost_usd: string | null }} row */
function growthText({ growth, cost_usd: cost }) {
  if (growth == null) return cost === null || femto(cost) === 0n ? '—' : 'new';
  const text = percent(Math.abs(growth));
  return growth < 0 ? `−${text}` : `+${text}`;
}

/** @param {string | null | undefined} usd */
function change(usd) {
  return usd == null ? '' : `${femto(usd) > 0n ? '+' : ''}${exact(usd)}`;
}

/** @param {string | null | undefined} a @param {string | null | undefined} b */
function compare(a, b) {
  const [left, right] = [femto(a ?? '0'), femto(b ?? '0')];
  return left === right ? 0 : left > right ? 1 : -1;
}

/** @param {string} name */
function label(name) {
  return name === '' ? h('span', { class: 'faint' }, 'Unassigned') : name;
}

/**
 * What one call of each feature costs, the dearest first.
 * @param {readonly CostRow[]} features
 * @param {string} csv
 */
export function costOfOne(features, csv) {
  const rows = features
    .filter((row) => row.other !== true && row.cost_usd !== null && row.calls > row.unpriced_calls)
    .map((row) => ({ row, each: femto(row.cost_usd ?? '0') / BigInt(row.calls - row.unpriced_calls) }))
    .toSorted((a, b) => (a.each === b.each ? 0 : a.each > b.each ? -1 : 1));
  return [
    panelHead('What one call costs', csv),
    rows.length === 0
      ? h('p', { class: 'faint' }, 'No call has a price yet.')
      : table({
          caption: 'Average cost of a priced call by feature',
          look: 'compact',
          columns: [{ name: 'Feature' }, { name: 'Calls', right: true }, { name: 'Each', right: true }],
          rows: rows.map(({ row, each }) => {
            const name = String(row['feature'] ?? '');
            return {
              key: `=${name}`,
              cells: [
                label(name),
                count(row.calls - row.unpriced_calls),
                amount(
                  usd(each),
                  { where: [matcher('feature', '=', name)] },
                  `one call of feature ${name}, on average`,
                ),
              ],
            };
          }),
        }),
  ];
}

/**
 * Plans by what they cost. What they bring in is not in the ledger, so a margin is unknown, never 100 %.
 * @param {readonly (CostRow & { customers: number })[]} plans
 * @param {Sums} total
 * @param {string} csv
 */
export function plansPanel(plans, total, csv) {
  const head = panelHead('Does the free plan cost too much', csv);
  if (plans.every((row) => row['plan'] === ''))
    return [
      head,
      h(
        'p',
        {},
        'No call says which plan its customer is on. ',
        h('code', {}, 'plan'),
        ' is a tag like ',
        h('code', {}, 'customer_id'),
        '.',
      ),
    ];
  const calls = total.calls;
  return [
    head,
    scrolling(
      'Plans, as a table',
      table({
        caption: 'Plans by cost, with their share of cost and of calls, and their customers',
        look: 'compact',
        columns: [
          { name: 'Plan' },
          { name: 'Cost', right: true },
          { name: 'of cost', right: true },
          { name: 'of calls', right: true },
          { name: 'Customers', right: true },
          { name: 'Margin', right: true },
        ],
        rows: plans.map((row) => {
          const name = String(row['plan'] ?? '');
          return {
            key: `=${name}`,
            cells: [
              label(name),
              amount(row.cost_usd, { where: [matcher('plan', '=', name)] }, `plan ${name}`, {
                dearest: total.cost_usd ?? '0',
              }),
              row.cost_usd === null ? '—' : percent(shareOf(row.cost_usd, total.cost_usd ?? '0')),
              percent(row.calls / Math.max(1, calls)),
              count(row.customers),
              h('span', { class: 'faint', title: 'Not known: there is no revenue in the ledger' }, '—'),
            ],
          };
        }),
      }),
    ),
    h('p', { class: 'faint note-below' }, 'Margin “—”: what the plans bring in is not known here.'),
  ];
}

/**
 * Features and cheaper models for the same tokens.
 * @param {Candidates} candidates
 * @param {string} more where all candidates are
 */
export function cheaperPanel({ rows, looked_at: seen }, more) {
  const found = rows.filter(({ candidates }) => candidates.length > 0);
  return [
    h(
      'div',
      { class: 'head' },
      h('h2', {}, 'Which feature may use the wrong model'),
      h('a', { href: more, 'aria-label': 'JSON: all cheaper models' }, 'JSON'),
    ),
    h(
      'p',
      { class: 'faint' },
      'Cheaper models of the same provider for the same tokens, at today’s price and without a cache. ',
      h('strong', {}, 'Quality was not compared.'),
    ),
    found.length === 0
      ? h('p', {}, 'No cheaper model is known whose context holds these calls.')
      : h('ol', { class: 'uses' }, ...found.map(use)),
    found.length > 0 &&
      h(
        'p',
        { class: 'faint note-below' },
        `Contexts hold the largest of the newest ${counted(seen, 'call')}; of a feature that is not among them, as much as its model’s.`,
      ),
  ];
}

/** @param {Use} use */
function use({ feature, provider, model, calls, cost_usd: cost, largest_tokens: largest, candidates }) {
  const [best] = candidates;
  if (best === undefined) return null;
  const where = ['feature', 'provider', 'model', 'status'].map((name, i) =>
    matcher(name, '=', [feature, provider, model, 'priced'][i] ?? ''),
  );
  return h(
    'li',
    { 'data-key': `${feature}\u0000${provider}\u0000${model}` },
    h(
      'div',
      { class: 'first' },
      h('span', { class: 'name' }, label(feature), h('span', { class: 'faint' }, ` ${model} → ${best.model}`)),
      h('strong', { class: 'good', 'data-saving': '' }, `−${money(best.saving_usd)}`),
    ),
    h(
      'details',
      {},
      h(
        'summary',
        {},
        `${money(cost)} for ${counted(calls, 'call')}`,
        largest !== null && `, the largest of ${counted(largest, 'token')}`,
      ),
      h('p', {}, 'Now ', amount(cost, { where }, `feature ${feature} on ${model}`)),
      ...candidates
        .map((candidate) => [
          h(
            'p',
            { class: 'candidate' },
            h('strong', {}, candidate.model),
            ` ${exact(candidate.cost_usd)}, saves ${exact(candidate.saving_usd)}`,
            h('span', { class: 'faint' }, ` · context ${count(candidate.context_window)} · `),
            h('code', {}, candidate.price_id),
          ),
          linesTable(candidate.lines, `The same tokens on ${candidate.model}`),
        ])
        .flat(),
    ),
  );
}
