import { address } from './api.js';
import { breakdown, panelHead } from './breakdown.js';
import { budgetsPanel } from './budgets.js';
import { callsTable } from './calls.js';
import { daysChart } from './days.js';
import { h, show, the } from './dom.js';
import { filterMatchers, inWords, periodWords } from './filters.js';
import { noBudgets, noCalls, noTags, nothingBillable, nothingHere } from './lessons.js';
import { money } from './money.js';
import { zone } from './questions.js';
import { qualityFacts, totalPanel } from './total.js';
import { clock } from './words.js';

/** @import { Costs } from './api.js' */
/** @import { Filters } from './filters.js' */
/** @import { Answers } from './questions.js' */

/** A part of the page. @param {string} id */
export const panel = (id) => the(`#${id}`, HTMLElement);
export const choices = { environment: the('#environment', HTMLSelectElement), plan: the('#plan', HTMLSelectElement) };
const chart = daysChart(panel('days'));

/**
 * Shows the answers, or, where there are no calls, what to do about it.
 * @param {Answers} answers
 * @param {Filters} filters
 * @returns what to say to those who don't see it
 */
export function overview(answers, filters) {
  const now = new Date();
  const { status } = answers;
  const { total } = answers.feature;
  showChoices('environment', answers.environments, filters);
  showChoices('plan', answers.plans, filters);
  show(panel('quality'), ...qualityFacts(total, answers.withTags.total, status));
  show(panel('updated'), `Updated ${clock(now)}`);
  show(panel('source'), `Spanledger ${status.version} · ${status.ledger.kind} · ${status.ledger.location}`);

  const lesson = total.calls > 0 ? undefined : emptyLesson(answers, filters);
  show(panel('lesson'), lesson);
  panel('lesson').hidden = lesson === undefined;
  panel('figures').hidden = lesson !== undefined;
  panel('controls').hidden = status.ledger.first === null && total.calls === 0;
  panel('figures').removeAttribute('aria-busy');
  if (lesson === undefined) figures(answers, filters, now);
  return `${total.cost_usd === null ? 'No priced calls' : money(total.cost_usd)} in ${periodWords(filters.period)}`;
}

/**
 * @param {Answers} answers
 * @param {Filters} filters
 */
function emptyLesson({ status }, filters) {
  if (status.ledger.first === null) return status.received.spans > 0 ? nothingBillable(status) : noCalls(status);
  const chosen = filterMatchers(filters);
  const words = [`in ${periodWords(filters.period)}`, inWords(chosen)].filter(Boolean).join(', with ');
  return nothingHere(words, chosen.length > 0 ? 'unfiltered' : filters.period === '90d' ? undefined : '90d');
}

/**
 * @param {Answers} answers
 * @param {Filters} filters
 * @param {Date} now
 */
function figures({ range, query, feature, customer, model, perBucket, budgets, entries }, filters, now) {
  const csv = (/** @type {Record<string, string>} */ more) => address('costs', { ...query, ...more, format: 'csv' });
  show(panel('total'), ...totalPanel(feature.total, periodWords(filters.period)));
  chart.show(perBucket, range, csv({ bucket: range.bucket, tz: zone }));
  const nobody = isUntagged(customer, 'customer_id');
  for (const [id, title, by, costs, lesson] of /** @type {const} */ ([
    ['feature', 'By feature', 'feature', feature, isUntagged(feature, 'feature') && noTags('feature', nobody)],
    ['customer', 'By customer', 'customer_id', customer, nobody && noTags('customer_id')],
    ['model', 'By model', 'model', model, false],
  ]))
    show(panel(id), ...breakdown({ title, by, costs, csv: csv({ by }), lesson }));
  show(panel('budgets'), ...(budgets.length > 0 ? budgetsPanel(budgets) : [panelHead('Budgets'), noBudgets()]));
  // Rows that move away under the eyes or the pointer can't be read: they wait.
  if (!isRead(panel('calls'))) show(panel('calls'), panelHead('Recent calls'), callsTable(entries, now));
}

/** @param {Costs} costs @param {string} name */
function isUntagged({ rows }, name) {
  return rows.length > 0 && rows.every((row) => row[name] === '');
}

/**
 * @param {'environment' | 'plan'} name
 * @param {Costs} costs
 * @param {Filters} filters
 */
function showChoices(name, costs, filters) {
  const select = choices[name];
  const found = new Set(costs.rows.filter((row) => row.other !== true).map((row) => String(row[name])));
  const chosen = filters[name];
  if (chosen !== undefined) found.add(chosen);
  if (found.size === 1 && found.has('') && chosen === undefined) found.clear();
  const options = [...found]
    .toSorted()
    .map((value) =>
      h('option', { value: `=${value}`, 'data-key': `=${value}` }, value === '' ? `Without ${name}` : value),
    );
  show(select, h('option', { value: '', 'data-key': 'all' }, `All ${name}s`), ...options);
  const value = chosen === undefined ? '' : `=${chosen}`;
  if (select.value !== value) select.value = value;
}

/** @param {HTMLElement} element */
function isRead(element) {
  const selection = getSelection();
  return (
    element.matches(':hover') ||
    element.matches(':focus-within') ||
    (selection !== null && !selection.isCollapsed && selection.containsNode(element, true))
  );
}
