import { amount, figure, unpricedNote } from './amount.js';
import { panelHead } from './breakdown.js';
import { h } from './dom.js';
import { money } from './money.js';
import { count, percent, since } from './words.js';

/** @import { Budget } from './api.js' */

/** What is seen at once, and what can be unfolded. */
const [SHOWN, FOLDED] = [6, 100];
/** @type {Readonly<Record<string, string>>} */
const levels = { ok: 'good', alerting: 'warn', exceeded: 'bad' };

/**
 * Budgets, the fullest first, as the API sorts them.
 * @param {readonly Budget[]} budgets
 */
export function budgetsPanel(budgets) {
  const [first, folded] = [budgets.slice(0, SHOWN), budgets.slice(SHOWN, FOLDED)];
  return [
    panelHead('Budgets'),
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

/** @param {Budget} budget */
function row(budget) {
  const { spent_usd, amount_usd, unit } = budget;
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
        h(
          'span',
          { class: 'faint' },
          ` of ${amount_usd === null ? `${number(budget.amount)} ${unit}` : money(amount_usd)}`,
        ),
      ),
    ),
    h('span', {
      class: `bar across ${level}`,
      '--length': Math.max(0, Math.min(1, budget.ratio ?? 1)),
      'aria-hidden': 'true',
    }),
    h(
      'span',
      { class: 'facts across' },
      h('span', { class: level === 'good' ? '' : level }, fullness(budget)),
      ` · ${budget.period.kind} from ${since(from)}`,
      fired(budget),
    ),
  );
}

/** @param {Budget} budget */
function fullness({ ratio }) {
  if (ratio === null) return 'no amount';
  return ratio > 1 ? `${percent(ratio)}, over` : percent(ratio);
}

/** The highest threshold that was told. @param {Budget} budget */
function fired({ thresholds }) {
  const told = thresholds.filter(({ fired_at: at }) => at !== null).map(({ level }) => level);
  return told.length === 0 ? '' : ` · alerted at ${told.at(-1)}`;
}

/** Tokens or requests: whole, and perhaps more than a double holds. @param {string} text */
function number(text) {
  return BigInt(text).toLocaleString('en-US');
}
