import { address, get } from './api.js';
import { callsTable } from './calls.js';
import { h, show, the } from './dom.js';
import { asRead, linesTable } from './lines.js';
import { addUp, exact } from './money.js';
import { count, counted, duration, moment, unit, why } from './words.js';

/** @import { Derivation, DerivationLine, Entries, Entry, UnpricedLine } from './api.js' */

/**
 * What a derivation is of: a sum (`where` for the API, and in words), or one call (`trace id/span id`).
 * @typedef {{ kind: 'sum', words: string, where: string, from: Date, to: Date }
 *   | { kind: 'call', key: string }} Subject
 */

const PAGE = 25;

/**
 * The dialog that says how a figure comes about, line by line, and which calls are behind it. It is not refreshed while it
 * is open: who checks a sum must not see it move.
 * @param {HTMLDialogElement} dialog
 */
export function derivationDialog(dialog) {
  const title = the('h2', HTMLHeadingElement, dialog);
  const body = the('.body', HTMLElement, dialog);
  let loading = new AbortController();

  return {
    /** @param {Subject} subject */
    async open(subject) {
      loading.abort();
      loading = new AbortController();
      const { signal } = loading;
      title.textContent = subject.kind === 'call' ? 'One call' : subject.words || 'All calls';
      body.replaceChildren(h('p', { class: 'faint' }, 'Adding up…'));
      if (!dialog.open) dialog.showModal();
      try {
        const content = subject.kind === 'call' ? await oneCall(subject.key, signal) : await sum(subject, signal);
        if (signal.aborted) return;
        body.replaceChildren();
        show(body, ...content);
      } catch (error) {
        if (signal.aborted) return;
        const text = error instanceof Error ? error.message : String(error);
        body.replaceChildren(h('p', { class: 'bad', role: 'alert' }, `This can’t be shown: ${text}.`));
      }
      dialog.scrollTop = 0;
    },
    close() {
      loading.abort();
      if (dialog.open) dialog.close();
    },
  };
}

/**
 * @param {Extract<Subject, { kind: 'sum' }>} subject
 * @param {AbortSignal} signal
 */
async function sum({ where, from, to }, signal) {
  const query = { from: from.toISOString(), to: to.toISOString(), where };
  const [derivation, entries] = await Promise.all([
    /** @type {Promise<Derivation>} */ (get(address('derivation', query), signal)),
    /** @type {Promise<Entries>} */ (get(address('entries', { ...query, limit: PAGE }), signal)),
  ]);
  const { lines, unpriced, total_usd: total } = derivation;
  const now = new Date();
  return [
    h('p', { class: 'sum' }, lines.length === 0 && unpriced.length > 0 ? '—' : exact(total)),
    h('p', { class: 'faint' }, `${moment(from, now)} to ${to > now ? 'now' : moment(to, now)}`),
    ...cards(lines),
    totalLine(lines, total),
    unpricedPart(unpriced),
    h('h3', {}, 'The calls behind it'),
    entries.entries.length === 0 ? h('p', { class: 'faint' }, 'None.') : callsList(entries, query),
  ];
}

/**
 * The lines by price: each rate card once, with what it was taken from.
 * @param {readonly DerivationLine[]} lines
 */
function cards(lines) {
  const groups = Map.groupBy(lines, (line) => JSON.stringify([line.price_id, line.price_version, line.source]));
  return [...groups.values()].map((group) => {
    const [line] = group;
    if (line === undefined) return null;
    return h(
      'section',
      { class: 'card' },
      h('h3', {}, line.model, h('span', { class: 'faint' }, ` ${line.provider}`)),
      priceLine(line, line.provider),
      linesTable(group.toSorted(asRead), `${line.provider} ${line.model}`, group.length > 1 && groups.size > 1),
    );
  });
}

/**
 * @param {{ price_id: string, price_version: string, source: string }} price
 * @param {string} seller who was called
 */
function priceLine({ price_id: id, price_version: version, source }, seller) {
  const owner = cardOwner(id);
  const list = owner === '' || owner === seller ? 'list price' : `list price of ${owner}, whose models ${seller} sells`;
  const from = { list, contract: 'contract price', provider: 'as charged by the provider' }[source] ?? source;
  return h('p', { class: 'faint price' }, 'Price ', h('code', {}, id), `, ${from}, version `, h('code', {}, version));
}

/** @param {string} id of a rate card, as `openai/gpt-4o@2024-10-02` */
function cardOwner(id) {
  return /^(?:reported\/)?([^/]+)\//.exec(id)?.[1] ?? '';
}

/** What the call said, where rate cards have another name for it. @param {Entry} entry */
function sentLine({ provider, model, sent_provider: sentProvider, sent_model: sentModel }) {
  const other = [
    sentModel !== '' && sentModel !== model && sentModel,
    sentProvider !== '' && sentProvider !== provider && sentProvider,
  ].filter((text) => text !== false);
  return other.length === 0
    ? null
    : h(
        'p',
        { class: 'faint price' },
        'Sent as ',
        ...other.flatMap((text, i) => [i > 0 && ' of ', h('code', {}, text)]),
      );
}

/**
 * The sum is checked here, in the browser, rather than believed.
 * @param {readonly DerivationLine[]} lines
 * @param {string} total
 */
function totalLine(lines, total) {
  if (lines.length === 0) return null;
  const right = addUp(lines.map(({ amount_usd: amount }) => amount)) === total;
  return h(
    'p',
    { class: right ? 'total' : 'total bad' },
    h(
      'span',
      {},
      right ? `${counted(lines.length, 'line')}, added up exactly` : `The lines do not add up to this total`,
    ),
    h('strong', {}, exact(total)),
  );
}

/** @param {readonly UnpricedLine[]} lines */
function unpricedPart(lines) {
  if (lines.length === 0) return null;
  const calls = lines.reduce((sum, line) => sum + line.calls, 0);
  return h(
    'section',
    { class: 'card' },
    h('h3', { class: 'warn' }, `${counted(calls, 'call')} without a price`),
    h('p', { class: 'faint' }, 'Not part of the sum; the tokens are kept, so that they can be priced later.'),
    h(
      'ul',
      { class: 'plain-rows' },
      ...lines.map((line) =>
        h(
          'li',
          {},
          h('span', {}, line.model || 'unknown model', h('span', { class: 'faint' }, ` ${line.provider}`)),
          h('span', {}, '—'),
          h('span', { class: 'faint sub' }, `${why(line.reason)} · ${unpricedUsage(line)}`),
        ),
      ),
    ),
  );
}

/** @param {UnpricedLine} line */
function unpricedUsage({ calls, input_tokens: input, output_tokens: output }) {
  return `${counted(calls, 'call')} · ${count(input)} input · ${count(output)} output`;
}

/**
 * @param {Entries} first
 * @param {Record<string, string | number | undefined>} query
 */
function callsList(first, query) {
  const list = h('div', { class: 'calls-list' });
  const all = [...first.entries];
  let { next } = first;
  const more = h('button', { type: 'button', class: 'plain' }, 'Show more');
  more.addEventListener('click', () => {
    more.disabled = true;
    /** @type {Promise<Entries>} */ (get(address('entries', { ...query, limit: PAGE, cursor: next ?? undefined })))
      .then((page) => {
        all.push(...page.entries);
        ({ next } = page);
        more.textContent = 'Show more';
        draw();
      })
      .catch((/** @type {unknown} */ error) => {
        more.textContent = `Try again (${error instanceof Error ? error.message : String(error)})`;
      })
      .finally(() => {
        more.disabled = false;
      });
  });
  const shown = h('div');
  list.append(shown, more);
  draw();
  return list;

  function draw() {
    show(shown, callsTable(all, new Date()));
    more.hidden = next === null;
  }
}

/**
 * @param {string} key
 * @param {AbortSignal} signal
 */
async function oneCall(key, signal) {
  const path = key.split('/').map(encodeURIComponent).join('/');
  /** @type {{ revisions: Entry[] }} */
  const { revisions } = await get(address(`entries/${path}`), signal);
  const [call] = revisions;
  if (call === undefined) return [h('p', {}, 'This call is not in the ledger.')];
  return [...revisions.flatMap((revision) => revisionPart(revision, revisions.length > 1)), facts(call)];
}

/**
 * @param {Entry} entry
 * @param {boolean} oneOfMany
 */
function revisionPart(entry, oneOfMany) {
  const { charge, rev, usage, model, provider } = entry;
  const heading = oneOfMany && h('h3', {}, rev === 0 ? 'As first charged' : `Adjustment ${rev}`);
  if (charge.status === 'priced')
    return [
      heading,
      h('p', { class: 'sum' }, exact(charge.amount_usd)),
      h(
        'section',
        { class: 'card' },
        h('h3', {}, charge.model, h('span', { class: 'faint' }, ` ${charge.provider}`)),
        sentLine(entry),
        priceLine(charge, charge.provider),
        linesTable(charge.lines, `${charge.provider} ${charge.model}`),
      ),
    ];
  const used = Object.entries(usage).map(([name, n]) => `${count(n)} ${unit(name)}`);
  return [
    heading,
    h('p', { class: 'sum' }, '—'),
    h('p', {}, h('strong', { class: 'warn' }, `Unpriced: ${why(charge.reason)}.`), ` ${charge.detail}`),
    h(
      'p',
      { class: 'faint' },
      `${model || 'unknown model'} ${provider}: ${used.length === 0 ? 'no usage' : used.join(', ')}`,
    ),
  ];
}

/** @param {Entry} entry */
function facts(entry) {
  const { start, duration_ms: ms, usage_state: state, usage_basis: basis, attempts, fallback_from: fallback } = entry;
  /** @type {[string, string][]} */
  const rows = [
    ['Started', new Date(start).toISOString().replace('T', ' ').replace('Z', ' UTC')],
    ['Took', duration(ms)],
    ['Customer', entry.customer_id],
    ['Feature', entry.feature],
    ['Plan', entry.plan],
    ['Team', entry.team],
    ['Route', entry.route],
    ['Task type', entry.task_type],
    ['Task', entry.task_id],
    ['Workspace', entry.workspace_id],
    ['User', entry.user_id],
    ['Session', entry.session_id],
    ['Environment', entry.environment],
    ['Service', entry.service],
    ...Object.entries(entry.tags).map(([name, value]) => /** @type {[string, string]} */ ([`Tag ${name}`, value])),
    ['Model', entry.model],
    ['Model as sent', entry.sent_model === entry.model ? '' : entry.sent_model],
    ['Provider', entry.provider],
    ['Provider as sent', entry.sent_provider === entry.provider ? '' : entry.sent_provider],
    ['Region', entry.region],
    ['Operation', entry.operation],
    ['Tier', entry.tier],
    ['Usage', basis === 'assumed' ? `${state}; what it includes is assumed` : state],
    ['Attempts', attempts > 1 ? String(attempts) : ''],
    ['Instead of', fallback],
    ['Error', entry.error],
    ['Read as', entry.dialect],
    ['Response', entry.response_id],
    ['Trace', entry.trace_id],
    ['Span', entry.span_id],
  ];
  return h(
    'dl',
    { class: 'facts-list' },
    ...rows.filter(([, value]) => value).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  );
}
