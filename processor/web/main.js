import { address, get } from './api.js';
import { breakdown, panelHead } from './breakdown.js';
import { budgetsPanel } from './budgets.js';
import { callsTable } from './calls.js';
import { daysChart } from './days.js';
import { derivationDialog } from './derivation.js';
import { h, show, the } from './dom.js';
import {
  filterMatchers,
  inWords,
  periodWords,
  rangeOf,
  readFilters,
  readWhere,
  whereText,
  writeFilters,
} from './filters.js';
import { noBudgets, noCalls, noTags, nothingBillable, nothingHere } from './lessons.js';
import { money } from './money.js';
import { qualityFacts, totalPanel } from './total.js';
import { clock } from './words.js';

/** @import { Budget, Costs, Entries, Status } from './api.js' */
/** @import { Filters, Matcher } from './filters.js' */

const REFRESH_MS = 5000;
/** Rows of a breakdown, and recent calls. */
const [TOP, RECENT] = [8, 15];
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** @type {readonly Matcher[]} */
const tagged = [
  { name: 'customer_id', op: '!=', value: '' },
  { name: 'feature', op: '!=', value: '' },
];

const panel = (/** @type {string} */ id) => the(`#${id}`, HTMLElement);
const choices = { environment: the('#environment', HTMLSelectElement), plan: the('#plan', HTMLSelectElement) };
const live = the('#live', HTMLButtonElement);
const dialogElement = the('#derivation', HTMLDialogElement);
const dialog = derivationDialog(dialogElement);
const chart = daysChart(panel('days'));

let filters = readFilters(location.search);
/** The request under way, aborted when something newer is asked for. */
let asking = new AbortController();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** The text of the last figures said aloud: those of a new choice are, those of a refresh are not. */
let toSay = false;

/** Asks for everything that the page shows, at once. @param {AbortSignal} signal */
async function ask(signal) {
  const range = rangeOf(filters.period, new Date());
  const chosen = filterMatchers(filters);
  const query = { from: range.from.toISOString(), to: range.to.toISOString(), where: whereText(chosen) };
  /** @param {Record<string, string | number | undefined>} more */
  const costs = (more) => /** @type {Promise<Costs>} */ (get(address('costs', { ...query, ...more }), signal));
  /** What can be chosen does not depend on what is chosen. @param {'environment' | 'plan'} name */
  const values = (name) =>
    costs({ by: name, where: whereText(filterMatchers({ ...filters, [name]: undefined })), top: 100 });
  const [feature, customer, model, perBucket, withTags, environments, plans, budgets, entries, status] =
    await Promise.all([
      costs({ by: 'feature', top: TOP }),
      costs({ by: 'customer_id', top: TOP }),
      costs({ by: 'model', top: TOP }),
      costs({ bucket: range.bucket, tz: zone }),
      costs({ where: whereText([...chosen, ...tagged]) }),
      values('environment'),
      values('plan'),
      /** @type {Promise<{ budgets: Budget[] }>} */ (get(address('budgets'), signal)),
      /** @type {Promise<Entries>} */ (get(address('entries', { ...query, limit: RECENT }), signal)),
      /** @type {Promise<Status>} */ (get(address('status'), signal)),
    ]);
  return {
    range,
    query,
    feature,
    customer,
    model,
    perBucket,
    withTags,
    environments,
    plans,
    ...budgets,
    ...entries,
    status,
  };
}

/** @param {Awaited<ReturnType<typeof ask>>} answer */
function draw(answer) {
  const { range, query, feature, customer, model, perBucket, withTags, budgets, entries, status } = answer;
  const now = new Date();
  const { total } = feature;
  const words = periodWords(filters.period);
  for (const [name, costs] of /** @type {const} */ ([
    ['environment', answer.environments],
    ['plan', answer.plans],
  ]))
    showChoices(name, costs);
  show(panel('quality'), ...qualityFacts(total, withTags.total, status));

  const lesson =
    total.calls > 0
      ? undefined
      : status.ledger.first !== null
        ? nothingHere(
            [`in ${words}`, inWords(filterMatchers(filters))].filter(Boolean).join(', with '),
            isFiltered() ? 'unfiltered' : filters.period === '90d' ? undefined : '90d',
          )
        : status.received.spans > 0
          ? nothingBillable(status)
          : noCalls(status);
  show(panel('lesson'), lesson);
  panel('lesson').hidden = lesson === undefined;
  panel('figures').hidden = lesson !== undefined;
  panel('controls').hidden = status.ledger.first === null && total.calls === 0;
  panel('figures').removeAttribute('aria-busy');

  if (lesson === undefined) {
    const csv = (/** @type {Record<string, string>} */ more) => address('costs', { ...query, ...more, format: 'csv' });
    show(panel('total'), ...totalPanel(total, words));
    chart.show(perBucket, range, csv({ bucket: range.bucket, tz: zone }));
    const untagged = { feature: isUntagged(feature, 'feature'), customer_id: isUntagged(customer, 'customer_id') };
    const lessonOf = (/** @type {'feature' | 'customer_id'} */ name) =>
      untagged[name] ? noTags(name, name === 'feature' && untagged.customer_id) : undefined;
    for (const [id, title, by, costs] of /** @type {const} */ ([
      ['feature', 'By feature', 'feature', feature],
      ['customer', 'By customer', 'customer_id', customer],
      ['model', 'By model', 'model', model],
    ]))
      show(
        panel(id),
        ...breakdown({ title, by, costs, csv: csv({ by }), lesson: by === 'model' ? undefined : lessonOf(by) }),
      );
    show(panel('budgets'), ...(budgets.length > 0 ? budgetsPanel(budgets) : [panelHead('Budgets'), noBudgets()]));
    // Rows that move away under the eyes or the pointer can't be read: they wait.
    if (!isRead(panel('calls'))) show(panel('calls'), panelHead('Recent calls'), callsTable(entries, now));
  }

  show(panel('updated'), `Updated ${clock(now)}`);
  show(panel('source'), `Spanledger ${status.version} · ${status.ledger.kind} · ${status.ledger.location}`);
  if (toSay)
    panel('said').textContent = `${total.cost_usd === null ? 'No priced calls' : money(total.cost_usd)} in ${words}`;
  toSay = false;
}

/** @param {Costs} costs @param {string} name */
function isUntagged({ rows }, name) {
  return rows.length > 0 && rows.every((row) => row[name] === '');
}

/** @param {'environment' | 'plan'} name @param {Costs} costs */
function showChoices(name, costs) {
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

function isFiltered() {
  return filters.environment !== undefined || filters.plan !== undefined;
}

/** Asks, draws, and comes again. */
async function refresh() {
  clearTimeout(timer);
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  try {
    const answer = await ask(signal);
    if (signal.aborted) return;
    draw(answer);
    panel('trouble').hidden = true;
  } catch (error) {
    if (signal.aborted) return;
    const text = error instanceof Error ? error.message : String(error);
    show(panel('trouble'), `These figures may be old: ${text}. Trying again.`);
    panel('trouble').hidden = false;
  }
  if (live.getAttribute('aria-pressed') === 'true' && !document.hidden)
    timer = setTimeout(() => void refresh(), REFRESH_MS);
}

/** @param {Filters} next */
function choose(next) {
  history.pushState({}, '', here(writeFilters(next)));
  follow();
}

/** @param {URLSearchParams} query */
function here(query) {
  const text = query.toString();
  return text === '' ? location.pathname : `?${text}`;
}

/** Makes the page show what the URL says. */
function follow() {
  const next = readFilters(location.search);
  if (JSON.stringify(next) !== JSON.stringify(filters)) {
    filters = next;
    toSay = true;
    void refresh();
  }
  for (const radio of document.querySelectorAll('input[name="period"]'))
    if (radio instanceof HTMLInputElement) radio.checked = radio.value === filters.period;
  for (const name of /** @type {const} */ (['environment', 'plan']))
    choices[name].value = filters[name] === undefined ? '' : `=${filters[name]}`;

  const query = new URLSearchParams(location.search);
  const [call, derive] = [query.get('call'), query.get('derive')];
  the('[data-back]', HTMLElement, dialogElement).hidden = depth() < 2;
  if (call !== null) return void dialog.open({ kind: 'call', key: call });
  if (derive === null) return dialog.close();
  const range = rangeOf(filters.period, new Date());
  const [from, to] = [query.get('from'), query.get('to')].map((text) => new Date(text ?? NaN));
  const own = query.has('alone') ? [] : filterMatchers(filters);
  const extra = readWhere(derive);
  void dialog.open({
    kind: 'sum',
    // What can't be read here may still be right: the API decides, and meanwhile it is shown as it stands.
    words: extra === undefined ? derive : inWords([...extra, ...own]),
    where: [derive, whereText(own)].filter(Boolean).join(','),
    from: from !== undefined && Number.isFinite(from.getTime()) ? from : range.from,
    to: to !== undefined && Number.isFinite(to.getTime()) ? to : range.to,
  });
}

/** How many steps of the history the dialog took. @returns {number} */
function depth() {
  /** @type {unknown} */
  const state = history.state;
  return typeof state === 'object' && state !== null && 'depth' in state ? Number(state.depth) : 0;
}

/** @param {HTMLElement} figure with what it is the cost of */
function derive({ dataset }) {
  const query = writeFilters(filters);
  for (const name of ['derive', 'from', 'to', 'alone', 'call'])
    if (dataset[name] !== undefined) query.set(name, dataset[name]);
  history.pushState({ depth: depth() + 1 }, '', here(query));
  follow();
}

function leaveDialog() {
  if (depth() > 0) return history.go(-depth());
  history.replaceState({}, '', here(writeFilters(filters)));
  follow();
}

document.addEventListener('click', (event) => {
  const target = event.target instanceof Element ? event.target : undefined;
  const figure = target?.closest('[data-derive], [data-call]');
  if (figure instanceof HTMLElement) return derive(figure);
  if (target === dialogElement || target?.closest('[data-close]')) return leaveDialog();
  if (target?.closest('[data-back]')) return history.back();
  const go = target?.closest('[data-go]')?.getAttribute('data-go');
  if (go === 'unfiltered') return choose({ ...filters, environment: undefined, plan: undefined });
  if (go === '90d') return choose({ ...filters, period: '90d' });
  const copy = target?.closest('[data-copy]');
  if (copy instanceof HTMLElement)
    void navigator.clipboard.writeText(copy.dataset['copy'] ?? '').then(
      () => said(copy, 'Copied'),
      () => said(copy, 'Select it by hand'),
    );
});

/** @param {HTMLElement} button @param {string} text */
function said(button, text) {
  panel('said').textContent = text;
  button.textContent = text;
  setTimeout(() => (button.textContent = 'Copy'), 2000);
}

document.addEventListener('change', ({ target }) => {
  if (target instanceof HTMLInputElement && target.name === 'period')
    choose({ ...filters, period: /** @type {Filters['period']} */ (target.value) });
  if (target instanceof HTMLSelectElement)
    choose({ ...filters, [target.id]: target.value === '' ? undefined : target.value.slice(1) });
});

live.addEventListener('click', () => {
  const on = live.getAttribute('aria-pressed') !== 'true';
  live.setAttribute('aria-pressed', String(on));
  if (on) void refresh();
  else clearTimeout(timer);
});

dialogElement.addEventListener('close', () => {
  if (/[?&](derive|call)=/.test(location.search)) leaveDialog();
});
addEventListener('popstate', follow);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && live.getAttribute('aria-pressed') === 'true') void refresh();
});

// The clipboard is only there on secure origins, of which localhost is one.
if (!('clipboard' in navigator)) document.body.classList.add('no-copy');
follow();
void refresh();
