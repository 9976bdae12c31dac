import { h, show, the } from './dom.js';
import { screens, writeFilters } from './filters.js';
import { askChoices } from './questions.js';
import { clock } from './words.js';

/** @import { Costs, Status } from './api.js' */
/** @import { Filters } from './filters.js' */

/** What stands around the screens. */

/** A part of the page. @param {string} id */
export const panel = (id) => the(`#${id}`, HTMLElement);
const choices = { environment: the('#environment', HTMLSelectElement), plan: the('#plan', HTMLSelectElement) };
/** What can be chosen changes seldom. */
const CHOICES_MS = 60_000;

/** @param {Filters} filters */
export function showScreens(filters) {
  show(
    panel('screens'),
    ...screens.map(({ screen, label }) => {
      const query = writeFilters({ ...filters, screen }).toString();
      const current = screen === filters.screen;
      return h(
        'li',
        { 'data-key': screen },
        h(
          'a',
          { href: query === '' ? '.' : `?${query}`, 'data-screen': screen, 'aria-current': current && 'page' },
          label,
        ),
      );
    }),
  );
  for (const { screen } of screens) panel(screen).hidden = screen !== filters.screen;
  // Budgets have periods and matchers of their own.
  panel('controls').classList.toggle('idle', filters.screen === 'budgets');
}

/** @param {Status} status */
export function showSource(status) {
  show(panel('updated'), `Updated ${clock(new Date())}`);
  show(panel('source'), `Spanledger ${status.version} · ${status.ledger.kind} · ${status.ledger.location}`);
}

/** A lesson stands in the place of the figures. @param {HTMLElement | undefined} lesson */
export function showLesson(lesson) {
  show(panel('lesson'), lesson);
  panel('lesson').hidden = lesson === undefined;
  panel('figures').hidden = lesson !== undefined;
  panel('figures').removeAttribute('aria-busy');
}

/** @type {{ for: string, at: number }} */
let shown = { for: '', at: 0 };

/**
 * Fills the lists of environments and plans, after the figures: these are not to wait for it.
 * @param {Filters} filters
 * @param {AbortSignal} signal
 */
export async function showChoices(filters, signal) {
  const key = JSON.stringify([filters.period, filters.environment, filters.plan]);
  if (shown.for === key && Date.now() - shown.at < CHOICES_MS) return;
  for (const name of /** @type {const} */ (['environment', 'plan'])) {
    const costs = await askChoices(name, filters, signal);
    if (signal.aborted) return;
    fill(name, filters, costs);
  }
  shown = { for: key, at: Date.now() };
}

/** Before its list is there, what the URL names can be seen. @param {Filters} filters */
export function showChosen(filters) {
  for (const name of /** @type {const} */ (['environment', 'plan'])) {
    const [select, value] = [choices[name], filters[name] === undefined ? '' : `=${filters[name]}`];
    if (![...select.options].some((option) => option.value === value))
      select.append(h('option', { value, 'data-key': value }, filters[name] || `Without ${name}`));
    if (select.value !== value) select.value = value;
  }
}

/**
 * @param {'environment' | 'plan'} name
 * @param {Filters} filters
 * @param {Costs} costs
 */
function fill(name, filters, { rows }) {
  const found = new Set(rows.filter((row) => row.other !== true).map((row) => String(row[name])));
  const chosen = filters[name];
  if (chosen !== undefined) found.add(chosen);
  if (found.size === 1 && found.has('') && chosen === undefined) found.clear();
  const options = [...found]
    .toSorted()
    .map((value) =>
      h('option', { value: `=${value}`, 'data-key': `=${value}` }, value === '' ? `Without ${name}` : value),
    );
  show(choices[name], h('option', { value: '', 'data-key': 'all' }, `All ${name}s`), ...options);
  showChosen(filters);
}

/** Whether somebody is reading it: rows that move away under the eyes or the pointer can't be read. @param {HTMLElement} element */
export function isRead(element) {
  const selection = getSelection();
  return (
    element.matches(':hover') ||
    element.matches(':focus-within') ||
    (selection !== null && !selection.isCollapsed && selection.containsNode(element, true))
  );
}
