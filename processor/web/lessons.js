import { h } from './dom.js';
import { table } from './table.js';
import { count, counted } from './words.js';

/** @import { Status } from './api.js' */

/** The empty states: each says what is missing and the next thing to do. */

/** @param {Status} status */
function otlpUrl({ otlp_url: url }) {
  return url ?? 'http://localhost:4318';
}

/**
 * Nothing came yet.
 * @param {Status} status
 */
export function noCalls(status) {
  const url = otlpUrl(status);
  const { hostname, port } = new URL(url);
  const usual = port === '4318' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const elsewhere = usual ? '' : `OTEL_EXPORTER_OTLP_ENDPOINT=${url} `;
  return h(
    'div',
    {},
    h('h2', {}, h('span', { class: 'pulse', 'aria-hidden': 'true' }), `Waiting on :${port || '80'}`),
    h('p', { class: 'faint lead' }, 'No spans have arrived yet. The first call appears here within seconds.'),
    h(
      'div',
      { class: 'ways' },
      h(
        'div',
        {},
        h('h3', {}, 'Your application'),
        h(
          'p',
          {},
          'Start it with the instrumentation loaded. It watches the OpenAI and Anthropic clients; no code changes.',
        ),
        code('npm install spanledger', `${elsewhere}node --require spanledger/instrumentation app.js`),
      ),
      h(
        'div',
        {},
        h('h3', {}, 'OpenTelemetry already there'),
        h('p', {}, 'Send the traces here too, from the application or from a Collector, as OTLP over HTTP.'),
        code(`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${url}/v1/traces`),
      ),
    ),
  );
}

/**
 * Spans came, but no calls among them.
 * @param {Status} status
 */
export function nothingBillable({ received: { spans, scopes } }) {
  const shown = scopes.slice(0, 12);
  return h(
    'div',
    { class: 'lesson' },
    h('h2', {}, `${counted(spans, 'span')} arrived, none of them an LLM call`),
    h(
      'p',
      {},
      'A call is recognised by its GenAI attributes, such as ',
      h('code', {}, 'gen_ai.request.model'),
      ' and ',
      h('code', {}, 'gen_ai.usage.input_tokens'),
      '. What arrived came from:',
    ),
    table({
      caption: 'Spans by instrumentation scope',
      columns: [{ name: 'Instrumentation scope' }, { name: 'Spans', right: true }],
      rows: shown.map(({ scope, spans }) => ({ key: `=${scope}`, cells: [scope || 'without a name', count(spans)] })),
    }),
    scopes.length > shown.length &&
      h('p', { class: 'faint' }, `and ${count(scopes.length - shown.length)} more scopes`),
    h('p', {}, 'Tracing works, but nothing watches the LLM client. Load the instrumentation beside your own:'),
    code('node --require spanledger/instrumentation app.js'),
    h('p', {}, 'Or ask what is made of a span that you expected to be a call:'),
    code('npx spanledger explain traces.json'),
  );
}

/**
 * There are calls, but not in this period and with these filters.
 * @param {string} words what was asked for
 * @param {'unfiltered' | '90d' | undefined} go where calls may be
 */
export function nothingHere(words, go) {
  return h(
    'div',
    { class: 'lesson' },
    h('h2', {}, 'No calls here'),
    h('p', {}, `The ledger has calls, but none ${words}.`),
    go !== undefined &&
      h(
        'p',
        {},
        h(
          'button',
          { type: 'button', class: 'plain', 'data-go': go },
          go === '90d' ? 'Show 90 days' : 'Clear the filters',
        ),
      ),
  );
}

/**
 * Calls, but no call says whose or what for.
 * @param {'customer_id' | 'feature'} name
 * @param {boolean} [told] whether the example stands beside this one
 */
export function noTags(name, told = false) {
  if (told)
    return h(
      'div',
      { class: 'hint' },
      h(
        'p',
        {},
        'No call says which feature it serves. ',
        h('code', {}, 'feature'),
        ' is a tag like ',
        h('code', {}, 'customer_id'),
        '.',
      ),
    );
  const what = name === 'customer_id' ? 'whom it was for' : 'which feature it serves';
  const tag = name === 'customer_id' ? "customer_id: 'acme'" : "feature: 'search'";
  return h(
    'div',
    { class: 'hint' },
    h('p', {}, `No call says ${what}. Say it where you know it; every call inside inherits it:`),
    code(
      "import { withTags } from 'spanledger';",
      '',
      'await withTags(',
      `  { ${tag} },`,
      '  () => answer(request),',
      ');',
    ),
  );
}

/**
 * The processor does not answer strangers.
 * @param {boolean} again whether a token was sent already
 */
export function tokenNeeded(again) {
  return h(
    'form',
    { class: 'lesson', id: 'token', autocomplete: 'off' },
    h('h2', {}, again ? 'That token can’t read this ledger' : 'This ledger asks for a token'),
    h(
      'p',
      {},
      'Any token of the scope ',
      h('code', {}, 'read'),
      ' or ',
      h('code', {}, 'admin'),
      '. It is kept until this tab is closed.',
    ),
    h(
      'p',
      { class: 'line' },
      h('input', { type: 'password', name: 'token', 'aria-label': 'Token', required: true, autocomplete: 'off' }),
      h('button', { class: 'plain' }, 'Open'),
    ),
  );
}

export function noBudgets() {
  return h(
    'div',
    { class: 'hint' },
    h('p', {}, 'No budgets yet. One rule can watch every customer and tell you before it is too late; it only alerts:'),
    code('npx spanledger budgets init'),
  );
}

/** Lines to type, with a button that copies them. @param {...string} lines */
function code(...lines) {
  const text = lines.join('\n');
  return h(
    'div',
    { class: 'code' },
    h('pre', { tabindex: '0', 'aria-label': 'Command or code to copy', role: 'group' }, h('code', {}, text)),
    h('button', { type: 'button', class: 'plain', 'data-copy': text }, 'Copy'),
  );
}
