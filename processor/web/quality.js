import { address } from './api.js';
import { amount, figure } from './amount.js';
import { matcher, panelHead } from './breakdown.js';
import { h, show } from './dom.js';
import { noun, periodWords } from './filters.js';
import { panel, showLesson } from './frame.js';
import { shareOf } from './money.js';
import { emptyLesson } from './overview.js';
import { asked, askQuality, askStatus } from './questions.js';
import { scrolling, table } from './table.js';
import { qualityFacts } from './total.js';
import { count, counted, moment, percent, why } from './words.js';

/** @import { Counts, Few, Quality, Status } from './api.js' */
/** @import { Child } from './dom.js' */
/** @import { Filters } from './filters.js' */

/**
 * How far the figures can be trusted, and what became of everything that is in none of them.
 * @param {Filters} filters
 * @param {AbortSignal} signal
 * @returns {Promise<string | undefined>}
 */
export async function qualityScreen(filters, signal) {
  const subject = asked(filters);
  const [status, quality] = await Promise.all([askStatus(signal), askQuality(subject, signal)]);
  if (signal.aborted) return undefined;
  const { total, untagged } = quality;
  const of = (/** @type {string} */ tag) => untagged.find((row) => row.tag === tag)?.calls ?? 0;
  show(panel('trust'), ...qualityFacts(status, total, { customer_id: of('customer_id'), feature: of('feature') }));
  const lesson = status.ledger.first === null && status.received.spans === 0 ? emptyLesson(status, filters) : undefined;
  const csv = address('costs', { ...subject.query, by: 'service', format: 'csv' });
  show(panel('tags'), ...tagsPanel(quality, csv));
  show(panel('prices'), ...pricesPanel(quality, status));
  show(
    panel('unpriced'),
    ...unpricedPanel(
      quality,
      address('costs', {
        ...subject.query,
        where: [subject.query.where, 'status="unpriced"'].filter(Boolean).join(','),
        by: 'provider,model',
        format: 'csv',
      }),
    ),
  );
  show(panel('usage'), ...usagePanel(quality));
  show(panel('times'), ...timesPanel(quality));
  show(panel('held'), ...heldPanel(quality, status));
  show(panel('received'), ...receivedPanel(quality, status));
  show(panel('names'), ...namesPanel(quality));
  showLesson(lesson);
  return `${counted(total.unpriced_calls, 'unpriced call')} in ${periodWords(filters.period)}`;
}

/** @param {Quality} quality @param {string} csv */
function tagsPanel({ total, untagged, by_service: services }, csv) {
  return [
    panelHead('Calls that say whom and what they were for', csv),
    h(
      'ul',
      { class: 'facts-rows' },
      ...untagged.map((row) =>
        fact(
          `Without a ${noun(row.tag)}`,
          [
            figure(
              count(row.calls),
              { where: [matcher(row.tag, '=', '')] },
              `${count(row.calls)} calls without a ${noun(row.tag)}`,
            ),
            h('span', { class: 'faint' }, ` ${percent(row.calls / Math.max(1, total.calls))} of calls, `),
            row.cost_usd === null
              ? '—'
              : amount(row.cost_usd, { where: [matcher(row.tag, '=', '')] }, `calls without a ${noun(row.tag)}`),
            h('span', { class: 'faint' }, ` ${percent(shareOf(row.cost_usd ?? '0', total.cost_usd ?? '0'))} of cost`),
          ],
          row.calls > 0,
        ),
      ),
    ),
    scrolling(
      'Tags by service',
      table({
        caption: 'Services and how many of their calls, and how much of their cost, have each tag',
        look: 'compact',
        columns: [
          { name: 'Service' },
          { name: 'Calls', right: true },
          { name: 'Cost', right: true },
          ...untagged.map(({ tag }) => ({ name: `With a ${noun(tag)}`, right: true })),
        ],
        rows: services.map((row) => ({
          key: `=${row.service}`,
          cells: [
            row.service || h('span', { class: 'faint' }, 'Without a name'),
            count(row.calls),
            amount(row.cost_usd, { where: [matcher('service', '=', row.service)] }, `service ${row.service}`),
            ...row.untagged.map((missing) => [
              coverage(1 - missing.calls / Math.max(1, row.calls)),
              row.cost_usd !== null &&
                h(
                  'span',
                  { class: 'faint' },
                  ` of calls, ${percent(1 - shareOf(missing.cost_usd ?? '0', row.cost_usd))} of cost`,
                ),
            ]),
          ],
        })),
      }),
    ),
  ];
}

/** @param {number} share */
function coverage(share) {
  return h('span', { class: share < 0.9 ? 'warn' : '' }, percent(share));
}

/** @param {Quality} quality @param {Status} status */
function pricesPanel({ prices, looked_at: { price_source: sources, calls } }, { prices: { models } }) {
  return [
    panelHead('Prices'),
    h(
      'ul',
      { class: 'facts-rows' },
      fact('Last checked', [`${prices.checked}, ${counted(prices.age_days, 'day')} ago`], prices.stale),
      prices.stale &&
        h(
          'li',
          { class: 'warn' },
          'That is long ago: run ',
          h('code', {}, 'spanledger prices import'),
          ' or update the package.',
        ),
      fact('Changes to approve', [count(prices.held)], prices.held > 0),
      fact('Models with a price', [count(models)]),
      fact('Version', [h('code', {}, prices.version)]),
      ...Object.entries(sources).map(([source, n]) =>
        fact({ list: 'By list price', contract: 'By contract', provider: 'As the provider said' }[source] ?? source, [
          `${count(n)} of the newest ${count(calls)}`,
        ]),
      ),
    ),
  ];
}

/** @param {Quality} quality @param {string} csv */
function unpricedPanel(
  { total, unpriced, looked_at: { unpriced_reason: reasons, calls }, since_start: { unpriced: since, at } },
  csv,
) {
  return [
    panelHead('Calls without a price', csv),
    total.unpriced_calls === 0
      ? h('p', { class: 'good' }, 'Every call of this time has a price.')
      : table({
          caption: 'Calls without a price by model',
          look: 'compact',
          columns: [
            { name: 'Model' },
            { name: 'Calls', right: true },
            { name: 'Tokens', right: true },
            { name: 'Cost', right: true },
          ],
          rows: unpriced.map(({ provider, model, calls, input_tokens: input, output_tokens: output }) => ({
            key: `${provider}\u0000${model}`,
            cells: [
              [model || 'unknown model', h('span', { class: 'faint' }, ` ${provider}`)],
              count(calls),
              count(input + output),
              amount(
                null,
                {
                  where: [
                    matcher('provider', '=', provider),
                    matcher('model', '=', model),
                    matcher('status', '=', 'unpriced'),
                  ],
                },
                `${model} ${provider}`,
              ),
            ],
          })),
        }),
    reasonsPart(`Why, of the newest ${counted(calls, 'call')}`, reasons, why),
    reasonsPart(`Why, since ${moment(new Date(at), new Date())}`, since, why),
  ];
}

/** @param {Quality} quality */
function usagePanel({
  looked_at: { calls, usage_state: states, usage_basis: basis },
  since_start: { not_reported: since, at },
}) {
  const words = (/** @type {string} */ state) =>
    ({
      reported: 'Reported by the provider',
      estimated: 'Estimated',
      incomplete: 'Incomplete: the call was cut off',
      absent: 'Absent: the span has no usage',
    })[state] ?? state;
  const assumed = basis['assumed'] ?? 0;
  return [
    panelHead('Where token counts come from'),
    h('h3', {}, `Of the newest ${counted(calls, 'call')}`),
    h(
      'ul',
      { class: 'facts-rows' },
      ...['reported', 'estimated', 'incomplete', 'absent'].map((state) => {
        const n = states[state] ?? 0;
        return fact(
          words(state),
          [`${count(n)} `, h('span', { class: 'faint' }, percent(n / Math.max(1, calls)))],
          state !== 'reported' && n > 0,
        );
      }),
      fact(
        'Whether input includes the cache was assumed',
        [`${count(assumed)} `, h('span', { class: 'faint' }, percent(assumed / Math.max(1, calls)))],
        assumed > 0,
      ),
    ),
    reasonsPart(`Not reported, since ${moment(new Date(at), new Date())}`, since, words),
  ];
}

/** @param {Quality} quality */
function timesPanel({ impossible_times: { before, after } }) {
  const row = (/** @type {string} */ name, /** @type {Few} */ few, /** @type {{ from?: Date, to?: Date }} */ range) =>
    fact(
      name,
      few.calls === 0
        ? ['0']
        : [
            figure(counted(few.calls, 'call'), { ...range, alone: true }, `${counted(few.calls, 'call')}: ${name}`),
            ', ',
            few.cost_usd === null ? '—' : amount(few.cost_usd, { ...range, alone: true }, name),
          ],
      few.calls > 0,
    );
  return [
    panelHead('Impossible times'),
    h(
      'ul',
      { class: 'facts-rows' },
      row(`Began before ${before.to.slice(0, 4)}`, before, { from: new Date(0), to: new Date(before.to) }),
      row('Begin in the future', after, { from: new Date(after.from), to: new Date('2200-01-01T00:00:00Z') }),
    ),
    h(
      'p',
      { class: 'faint note-below' },
      before.calls + after.calls === 0
        ? 'All calls of the ledger began at a time that can be.'
        : 'The clock of their sender is wrong. They are charged at the price of their time, and count there: no period shown here has them.',
    ),
  ];
}

/** @type {Readonly<Record<string, string>>} */
const outcomes = {
  parts_known: 'not charged: the calls below are known',
  inside_call: 'not charged: inside a call that is charged',
  same_answer: 'not charged: the same answer is charged',
  no_trace: 'not charged: without a trace nothing tells',
  polling: 'not charged: it only asked whether an answer is there',
  charged: 'charged: nothing billable came below',
  taken_back: 'charged, and taken back when calls below came',
  ended: 'ended as announced',
  estimated: 'estimated: the end did not come in time',
  replaced: 'estimated, and replaced when the end came',
};

/** @param {Quality} quality @param {Status} status */
function heldPanel(
  { since_start: { nested, aggregates, settled_aggregates: settled, open_calls: open, at } },
  { held_back: held },
) {
  const words = (/** @type {string} */ outcome) => outcomes[outcome] ?? outcome.replaceAll('_', ' ');
  return [
    panelHead('Held back, so that nothing counts twice'),
    h(
      'ul',
      { class: 'facts-rows' },
      fact('Agent spans waiting', [count(held.aggregates.waiting)]),
      fact('Calls under way', [count(held.open_calls.waiting)]),
      fact('Agent spans', [count(aggregates)]),
      fact('Told twice, charged once', [count(nested)]),
    ),
    reasonsPart(`Agent spans, since ${moment(new Date(at), new Date())}`, settled, words),
    reasonsPart('Announced calls', open, words),
  ];
}

/** @param {Quality} quality @param {Status} status */
function receivedPanel({ since_start: since }, { received, forward }) {
  const refused = Object.values(since.refused_requests).reduce((sum, n) => sum + n, 0);
  return [
    panelHead(`Received since ${moment(new Date(since.at), new Date())}`),
    h(
      'ul',
      { class: 'facts-rows' },
      fact('Spans', [count(received.spans)]),
      fact('Calls that were new', [count(since.calls)]),
      fact('Sent again, charged once', [count(since.duplicates)]),
      fact('Spans that are no calls', [count(received.other_spans)]),
      fact('Unreadable spans', [count(since.unreadable_spans)], since.unreadable_spans > 0),
      fact('Refused requests', [count(refused)], refused > 0),
      forward !== null &&
        fact('Spans that a backend won’t get', [count(forward.failed_spans)], forward.failed_spans > 0),
    ),
    reasonsPart('Refused, by code', since.refused_requests, (code) => code.replaceAll('_', ' ')),
    received.scopes.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, 'What the other spans are from'),
        h(
          'ul',
          { class: 'facts-rows' },
          ...received.scopes.slice(0, 20).map(({ scope, spans }) => fact(scope || 'without a name', [count(spans)])),
        ),
      ),
  ];
}

/** @param {Quality} quality */
function namesPanel({ looked_at: { renamed, calls } }) {
  return [
    panelHead('Models by another name'),
    renamed.length === 0
      ? h('p', { class: 'faint' }, `The newest ${counted(calls, 'call')} name their model as the rate cards do.`)
      : scrolling(
          'Models by another name',
          table({
            caption: 'Names that calls came with, and those of the rate cards',
            look: 'compact',
            columns: [{ name: 'Sent as' }, { name: 'Shown as' }, { name: 'Calls', right: true }],
            rows: renamed.map((row) => ({
              key: JSON.stringify([row.sent_provider, row.sent_model, row.provider, row.model]),
              cells: [
                [row.sent_model || '—', h('span', { class: 'faint' }, ` ${row.sent_provider}`)],
                [row.model, h('span', { class: 'faint' }, ` ${row.provider}`)],
                count(row.calls),
              ],
            })),
          }),
        ),
    renamed.length > 0 && h('p', { class: 'faint note-below' }, `Of the newest ${counted(calls, 'call')}.`),
  ];
}

/**
 * @param {string} name
 * @param {readonly Child[]} value
 * @param {boolean} [doubtful]
 */
function fact(name, value, doubtful = false) {
  return h('li', {}, h('span', {}, name), h('span', { class: doubtful ? 'warn value' : 'value' }, ...value));
}

/**
 * @param {string} title
 * @param {Counts} counts
 * @param {(name: string) => string} words
 */
function reasonsPart(title, counts, words) {
  const rows = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  if (rows.length === 0) return null;
  return h(
    'div',
    { class: 'reasons' },
    h('h3', {}, title),
    h('ul', { class: 'facts-rows' }, ...rows.map(([name, n]) => fact(words(name), [count(n)]))),
  );
}
