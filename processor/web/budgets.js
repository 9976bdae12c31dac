import { amount, unpricedNote } from './amount.js';
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
  const labels = Object.entries(budget.labels);
  const whose = labels.map(([, value]) => value || 'Unassigned').join(' · ');
  const level = levels[budget.state] ?? 'bad';
  const from = new Date(budget.period.start);
  const to = new Date(budget.period.end);
  const where = budget.where;
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
      unpricedNote(budget.unpriced_calls),
      h(
        'span',
        { class: 'of' },
        budget.spent_usd === null
          ? `${count(Number(budget.spent))} ${budget.unit}`
          : amount(budget.spent_usd, { where, from, to, alone: true }, label),
        h(
          'span',
          { class: 'faint' },
          ` of ${budget.amount_usd === null ? count(Number(budget.amount)) : money(budget.amount_usd)}`,
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
