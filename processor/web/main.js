import { hasToken, save, TokenNeeded, useToken } from './api.js';
import { derivationDialog } from './derivation.js';
import { show, the } from './dom.js';
import { filterMatchers, inWords, rangeOf, readFilters, readWhere, whereText, writeFilters } from './filters.js';
import { tokenNeeded } from './lessons.js';
import { budgetsScreen } from './budgets.js';
import { customersScreen } from './customers.js';
import { panel, showChoices, showChosen, showScreens, showSource } from './frame.js';
import { overviewScreen } from './overview.js';
import { qualityScreen } from './quality.js';
import { askStatus } from './questions.js';

/** @import { Filters } from './filters.js' */
/** @import { Status } from './api.js' */

/** To add a screen, add it here and to the list in filters.js. Each asks, shows, and answers what to say of it. */
const shows = { overview: overviewScreen, budgets: budgetsScreen, customers: customersScreen, quality: qualityScreen };

const REFRESH_MS = 5000;
/** Even where nothing came: hours pass, and corrections are made by other programs. */
const AT_LEAST_MS = 60_000;
const live = the('#live', HTMLButtonElement);
const dialogElement = the('#derivation', HTMLDialogElement);
const dialog = derivationDialog(dialogElement);

let filters = readFilters(location.search);
/** The request under way, aborted when something newer is asked for. */
let asking = new AbortController();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** Figures of a new choice are said aloud, those of a refresh are not. */
let toSay = false;
/** While a token is asked for nothing else is to be seen, though the URL may name a derivation. */
let locked = false;

/** What was received when the figures were read, and when that was. */
let read = { received: '', at: 0 };

/**
 * Asks, draws, and comes again. By itself it asks for figures only if something was received since, and rests as long as
 * they take several times over: a page that is left open is not to keep a large ledger busy.
 * @param {boolean} [again] by itself
 */
async function refresh(again = false) {
  clearTimeout(timer);
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const began = performance.now();
  try {
    if (!again || (await isNew(signal))) await draw(signal);
    if (signal.aborted) return;
    panel('trouble').hidden = true;
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof TokenNeeded) return askForToken();
    const text = error instanceof Error ? error.message : String(error);
    read.at = 0;
    tell(`These figures may be old: ${text}. Trying again.`);
  }
  const rest = Math.max(REFRESH_MS, 5 * (performance.now() - began));
  if (live.getAttribute('aria-pressed') === 'true' && !document.hidden)
    timer = setTimeout(() => void refresh(true), rest);
}

/** @param {AbortSignal} signal */
async function draw(signal) {
  // Before the figures: what comes while they are read and drawn is new to them.
  const before = askStatus(signal);
  before.catch(() => undefined);
  const words = await shows[filters.screen](filters, signal);
  if (words === undefined || signal.aborted) return;
  if (locked) {
    locked = false;
    panel('screens').hidden = false;
    follow();
  }
  if (toSay) panel('said').textContent = words;
  toSay = false;
  const status = await before;
  if (signal.aborted) return;
  read = { received: receivedText(status), at: Date.now() };
  showSource(status);
  await showChoices(filters, signal);
}

/** @param {AbortSignal} signal */
async function isNew(signal) {
  const status = await askStatus(signal);
  if (!signal.aborted) showSource(status);
  return receivedText(status) !== read.received || Date.now() - read.at > AT_LEAST_MS;
}

/** @param {Status} status */
function receivedText({ received, held_back: held, version }) {
  return JSON.stringify([version, received, held]);
}

/** @param {string} text */
function tell(text) {
  show(panel('trouble'), text);
  panel('trouble').hidden = false;
}

function askForToken() {
  locked = true;
  dialog.close();
  show(panel('lesson'), tokenNeeded(hasToken()));
  panel('lesson').hidden = false;
  for (const id of ['figures', 'controls', 'trouble', 'screens']) panel(id).hidden = true;
  panel('figures').removeAttribute('aria-busy');
  the('#token input', HTMLInputElement).focus();
}

/**
 * @param {Filters} next
 * @param {boolean} [other] screen: it is read from its beginning
 */
function choose(next, other = false) {
  history.pushState({}, '', here(writeFilters(next)));
  follow();
  if (other) scrollTo(0, 0);
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
    showScreens(filters);
    void refresh();
  }
  for (const radio of document.querySelectorAll('input[name="period"]'))
    if (radio instanceof HTMLInputElement) radio.checked = radio.value === filters.period;
  showChosen(filters);

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
  const screen = target?.closest('a[data-screen]');
  // Other buttons and keys open it elsewhere, as any link.
  if (screen instanceof HTMLAnchorElement && !(event.metaKey || event.ctrlKey || event.shiftKey)) {
    event.preventDefault();
    return choose(readFilters(screen.search), true);
  }
  const link = target?.closest('a[download]');
  if (link instanceof HTMLAnchorElement && hasToken()) {
    event.preventDefault();
    save(link.href).catch((/** @type {Error} */ { message }) => tell(`This can’t be saved: ${message}.`));
  }
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

document.addEventListener('submit', (event) => {
  event.preventDefault();
  const input = the('#token input', HTMLInputElement);
  useToken(input.value);
  input.value = '';
  void refresh();
});

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
  if (!locked && /[?&](derive|call)=/.test(location.search)) leaveDialog();
});
addEventListener('popstate', follow);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && live.getAttribute('aria-pressed') === 'true') void refresh();
});

// The clipboard is only there on secure origins, of which localhost is one.
if (!('clipboard' in navigator)) document.body.classList.add('no-copy');
showScreens(filters);
follow();
void refresh();
