import { amount, figure, unpricedNote } from './amount.js';
import { panelHead } from './breakdown.js';
import { h, show } from './dom.js';
import { panel, showLesson } from './frame.js';
import { noBudgets } from './lessons.js';
import { money } from './money.js';
import { emptyLesson } from './overview.js';
import { askBudgets, askStatus } from './questions.js';
import { count, counted, moment, percent, since } from './words.js';

/** @import { Budget } from './api.js' */
/** @import { Filters } from './filters.js' */

/** What is seen at once, and what can be unfolded. */
const [SHOWN, FOLDED] = [24, 200];
/** @type {Readonly<Record<string, string>>} */
const levels = { ok: 'good', alerting: 'warn', exceeded: 'bad' };

/**
 * Budgets of all customers, the fullest first, as the API sorts them. Their periods and matchers are their own.
 * @param {Filters} filters
 * @param {AbortSignal} signal
 * @returns {Promise<string | undefined>}
 */
export async function budgetsScreen(filters, signal) {
  const [status, { budgets }] = await Promise.all([askStatus(signal), askBudgets(signal)]);
  if (signal.aborted) return undefined;
  const lesson = status.ledger.first === null && budgets.length === 0 ? emptyLesson(status, filters) : undefined;
  show(panel('budget-list'), ...(budgets.length > 0 ? budgetsPanel(budgets) : [panelHead('Budgets'), noBudgets()]));
  showLesson(lesson);
  return summary(budgets);
}

/** @param {readonly Budget[]} budgets */
function budgetsPanel(budgets) {
  const [first, folded] = [budgets.slice(0, SHOWN), budgets.slice(SHOWN, FOLDED)];
  return [
    panelHead('Budgets'),
    h('p', { class: 'faint summary' }, summary(budgets)),
    h('ol', { class: 'rows wide' }, ...first.map(row)),
    folded.length > 0 &&
      h(
        'details',
        { class: 'rest' },
        h('summary', {}, `${count(budgets.length - SHOWN)} more, less full`),
        h('ol', { class: 'rows wide' }, ...folded.map(row)),
        budgets.length > FOLDED &&
          h('p', { class: 'faint' }, `The other ${count(budgets.length - FOLDED)} are on the API.`),
      ),
  ];
}

/** @param {readonly Budget[]} budgets */
function summary(budgets) {
  const over = budgets.filter(({ state }) => state === 'exceeded').length;
  const alerting = budgets.filter(({ state }) => state === 'alerting').length;
  return `${counted(budgets.length, 'budget')}: ${count(over)} exceeded, ${count(alerting)} alerting`;
}

/** @param {Budget} budget */
function row(budget) {
  const { spent_usd, unit } = budget;
  const labels = Object.entries(budget.labels);
  const whose = labels.map(([, value]) => value || 'Unassigned').join(' · ');
  const level = levels[budget.state] ?? 'bad';
  const from = new Date(budget.period.start);
  const to = new Date(budget.period.end);
  const origin = { where: budget.where, from, to, alone: true };
  const label = `budget ${budget.budget}${whose === '' ? '' : ` of ${whose}`}`;
  return h(
    'li',
    { 'data-key': `${budget.budget}\u0000${JSON.stringify(budget.labels)}` },
    h(
      'div',
      { class: 'first' },
      h(
        'span',
        { class: 'name' },
        whose || budget.budget,
        whose !== '' && h('span', { class: 'faint' }, ` ${budget.budget}`),
      ),
      spent_usd !== null && unpricedNote(budget.unpriced_calls),
      h(
        'span',
        { class: 'of' },
        spent_usd === null
          ? figure(number(budget.spent), origin, `${number(budget.spent)} ${unit}: ${label}`)
          : amount(spent_usd, origin, label),
        h('span', { class: 'faint' }, ` of ${amountWords(budget)}`),
      ),
    ),
    h('span', {
      class: `bar across ${level}`,
      '--length': budget.amount === null ? 0 : Math.max(0, Math.min(1, budget.ratio ?? 1)),
      'aria-hidden': 'true',
    }),
    h(
      'span',
      { class: 'facts across' },
      h('span', { class: level === 'good' ? '' : level }, fullness(budget)),
      ` · ${budget.period.kind} from ${since(from)}`,
      fired(budget),
      expected(budget),
    ),
  );
}

/** @param {Budget} budget */
function fullness({ ratio }) {
  if (ratio === null) return 'no amount';
  return ratio > 1 ? `${percent(ratio)}, over` : percent(ratio);
}

/** @param {Budget} budget */
function amountWords({ amount: value, amount_usd: usd, unit }) {
  if (value === null) return 'a revenue that is not known';
  return usd === null ? `${number(value)} ${unit}` : money(usd);
}

/** Thresholds, and when they were told. @param {Budget} budget */
function fired({ thresholds }) {
  const told = thresholds.filter(({ fired_at: at }) => at !== null);
  const next = thresholds.find(({ fired_at: at, basis }) => at === null && basis === 'actual');
  const texts = told.map(
    ({ level, basis, fired_at: at }) =>
      `${basis === 'actual' ? '' : `${basis} `}${level} at ${moment(new Date(at ?? NaN), new Date())}`,
  );
  return [told.length > 0 && ` · alerted ${texts.join(', ')}`, next !== undefined && ` · next at ${next.level}`]
    .filter(Boolean)
    .join('');
}

/** @param {Budget} budget */
function expected({ forecast, unit }) {
  if (forecast == null) return '';
  const { expected, low, high, ratio } = forecast;
  const text = (/** @type {string} */ value) => (unit === 'USD' ? money(value) : number(value));
  return ` · expected ${text(expected)}${ratio === null ? '' : ` (${percent(ratio)})`}, ${text(low)} to ${text(high)}`;
}

/** Tokens or requests: whole, and perhaps more than a double holds. @param {string} text */
function number(text) {
  return BigInt(text).toLocaleString('en-US');
}
