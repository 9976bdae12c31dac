import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { accessBy, type Token } from '../../processor/access.ts';
import { apiRouter, type ApiDeps } from '../../processor/api.ts';
import type { Entry, Ledger } from '../../processor/ledger.ts';
import { createLeases } from '../../processor/budgets/leases.ts';
import { createStateFeed } from '../../processor/budgets/state-feed.ts';
import { createCounters } from '../../processor/metrics.ts';
import { createSpendMetrics } from '../../processor/metrics/spend.ts';
import { makeEntry, NOVEMBER, unpriced } from '../support/entries.ts';
import { temporaryLedger } from '../support/ledger.ts';
import { apiPrices } from '../support/prices.ts';

/** 2026-11-25T12:00:00Z. */
const NOW = Date.UTC(2026, 10, 25, 12) * 1000;
const budget = {
  budget: 'customer-daily',
  labels: { customer_id: 'acme' },
  period: { kind: 'day', start: '2026-11-25T00:00:00.000Z', end: '2026-11-26T00:00:00.000Z' },
  unit: 'USD',
  amount: '0.1',
  spent: '0.09',
  amount_usd: '0.1',
  spent_usd: '0.09',
  ratio: 0.9,
  state: 'alerting',
  thresholds: [{ at: 0.7, basis: 'actual', level: '70%', severity: 'warning', fired_at: null }],
  forecast: null,
  unpriced_calls: 0,
  where: 'customer_id="acme"',
};

interface Api {
  readonly ledger: Ledger;
  readonly counters: ReturnType<typeof createCounters>;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  readonly url: string;
  readonly json: (path: string) => Promise<Record<string, unknown>>;
}

async function startApi(
  entries: readonly Entry[],
  options: { tokens?: Token[]; ledger?: Partial<Ledger> } = {},
): Promise<Api> {
  const real = await temporaryLedger();
  const ledger = { ...real, ...options.ledger };
  const counters = createCounters();
  const spend = createSpendMetrics({ ledger, counters });
  await spend.start();
  spend.observe(await ledger.append(entries));
  const leases = createLeases({ acting: () => [] });
  const deps: ApiDeps = {
    ledger,
    counters,
    spend,
    budgets: { states: () => [budget] },
    feed: createStateFeed({ budgets: { acting: () => [] }, prices: apiPrices, leases }),
    leases,
    access: accessBy(options.tokens ?? [], true),
    loopbackNamesOnly: (options.tokens ?? []).length === 0,
    version: '0.1.0',
    location: { kind: 'sqlite', location: './spanledger.db' },
    prices: apiPrices,
    spools: () => [
      { name: 'tempo', endpoint: 'https://user:secret@backend.example/v1/traces?key=secret', bytes: 1024, items: 7 },
    ],
    timezone: 'UTC',
    log: pino({ level: 'silent' }),
    now: () => NOW,
  };
  const server = createServer(express().use(apiRouter(deps))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${url}${path}`, { headers });
  return {
    ledger,
    counters,
    url,
    get,
    json: async (path) => {
      const response = await get(path);
      expect([response.status, path]).toEqual([200, path]);
      return (await response.json()) as Record<string, unknown>;
    },
  };
}

const tagged = (
  n: number,
  customer_id: string,
  feature: string,
  options: Parameters<typeof makeEntry>[1] = {},
): Entry => makeEntry(n, { ...options, dimensions: { customer_id, feature } });

const calls = [
  tagged(1, 'acme', 'chat'),
  tagged(2, 'acme', 'search'),
  tagged(3, 'globex', 'chat', { counts: { input: 1250, output: 340 } }),
  tagged(60 * 24, '=cmd', 'chat'),
  tagged(60 * 24 + 1, 'initech', 'chat', { charge: unpriced('acme-13b') }),
];

test('costs by customer, the dearest first, exact, and null where no call has a price', async () => {
  const { json } = await startApi(calls);
  expect(await json('/api/v1/costs?by=customer_id&from=2026-11-01&to=2026-12-01')).toEqual({
    from: '2026-11-01T00:00:00.000Z',
    to: '2026-12-01T00:00:00.000Z',
    currency: 'USD',
    rows: [
      { customer_id: 'acme', calls: 2, cost_usd: '0.008', unpriced_calls: 0, input_tokens: 1600, output_tokens: 400 },
      {
        customer_id: 'globex',
        calls: 1,
        cost_usd: '0.006525',
        unpriced_calls: 0,
        input_tokens: 1250,
        output_tokens: 340,
      },
      { customer_id: '=cmd', calls: 1, cost_usd: '0.004', unpriced_calls: 0, input_tokens: 800, output_tokens: 200 },
      { customer_id: 'initech', calls: 1, cost_usd: null, unpriced_calls: 1, input_tokens: 800, output_tokens: 200 },
    ],
    total: { calls: 5, cost_usd: '0.018525', unpriced_calls: 1, input_tokens: 4450, output_tokens: 1140 },
  });
});

test('without "from" the last 30 days; buckets in order; a filter', async () => {
  const { json } = await startApi(calls);
  const answer = await json('/api/v1/costs?bucket=day&where=feature="chat",customer_id!~"init.*"');
  expect(answer['from']).toBe('2026-10-26T12:00:00.000Z');
  expect(answer['rows']).toMatchObject([
    { bucket: '2026-11-01T00:00:00.000Z', calls: 2, cost_usd: '0.010525' },
    { bucket: '2026-11-02T00:00:00.000Z', calls: 1, cost_usd: '0.004' },
  ]);
});

test('"top" keeps the dearest groups and sums the others, in every bucket', async () => {
  const { json } = await startApi(calls);
  const { rows, total } = await json('/api/v1/costs?by=customer_id&top=1');
  expect(rows).toMatchObject([
    { customer_id: 'acme', cost_usd: '0.008' },
    { customer_id: 'other', other: true, calls: 3, cost_usd: '0.010525', unpriced_calls: 1 },
  ]);
  expect(total).toMatchObject({ cost_usd: '0.018525' });
  const { rows: daily } = await json('/api/v1/costs?by=customer_id&top=1&bucket=day');
  expect(daily).toMatchObject([
    { bucket: '2026-11-01T00:00:00.000Z', customer_id: 'acme', cost_usd: '0.008' },
    { bucket: '2026-11-01T00:00:00.000Z', other: true, cost_usd: '0.006525' },
    { bucket: '2026-11-02T00:00:00.000Z', other: true, cost_usd: '0.004' },
  ]);
});

test('a ledger without calls answers with zeros', async () => {
  const { json } = await startApi([]);
  const { rows, total } = await json('/api/v1/costs?by=feature');
  expect(rows).toEqual([]);
  expect(total).toEqual({ calls: 0, cost_usd: '0', unpriced_calls: 0, input_tokens: 0, output_tokens: 0 });
});

test('CSV has the same figures, and no cell that a spreadsheet would run', async () => {
  const { get } = await startApi(calls);
  const response = await get('/api/v1/costs?by=customer_id&format=csv');
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(await response.text()).toBe(
    [
      'customer_id,calls,cost_usd,unpriced_calls,input_tokens,output_tokens',
      'acme,2,0.008,0,1600,400',
      'globex,1,0.006525,0,1250,340',
      "'=cmd,1,0.004,0,800,200",
      'initech,1,,1,800,200',
      '',
    ].join('\r\n'),
  );
});

test('derivation: quantity x rate, line by line, and what has no figure', async () => {
  const { json } = await startApi(calls);
  expect(await json('/api/v1/derivation?where=customer_id=~"globex|initech"')).toEqual({
    lines: [
      {
        provider: 'openai',
        model: 'gpt-4o',
        card_provider: 'openai',
        price_id: 'openai/gpt-4o@2024-10-01',
        price_version: '2026.11.1',
        source: 'list',
        unit: 'output',
        quantity: 340,
        calls: 1,
        rate_usd: '0.00001',
        rate_usd_per_million: '10',
        amount_usd: '0.0034',
      },
      expect.objectContaining({ unit: 'input', quantity: 1250, rate_usd: '0.0000025', amount_usd: '0.003125' }),
    ],
    unpriced: [
      { provider: 'openai', model: 'gpt-4o', reason: 'unknown_model', calls: 1, input_tokens: 800, output_tokens: 200 },
    ],
    total_usd: '0.006525',
  });
});

test('entries: newest first, by pages, and one by its ids', async () => {
  const { json, get } = await startApi([...calls, makeEntry(7, { taskId: 't-1', startUs: NOVEMBER + 420_000_001 })]);
  const first = await json('/api/v1/entries?limit=4');
  const second = await json(`/api/v1/entries?limit=4&cursor=${String(first['next'])}`);
  const starts = [first, second].flatMap(({ entries }) => (entries as { start: string }[]).map(({ start }) => start));
  expect(starts).toEqual([
    '2026-11-02T00:01:00.000Z',
    '2026-11-02T00:00:00.000Z',
    '2026-11-01T00:07:00.000001Z',
    '2026-11-01T00:03:00.000Z',
    '2026-11-01T00:02:00.000Z',
    '2026-11-01T00:01:00.000Z',
  ]);
  expect(second['next']).toBeNull();
  const { entries } = await json('/api/v1/entries?task_id=t-1');
  expect(entries).toHaveLength(1);
  const { revisions } = await json(`/api/v1/entries/${makeEntry(3).traceId.toUpperCase()}/${makeEntry(3).spanId}`);
  expect(revisions).toMatchObject([
    {
      start: '2026-11-01T00:03:00.000Z',
      duration_ms: 1200,
      customer_id: 'globex',
      usage: { input: 1250, output: 340 },
      tags: {},
      charge: { status: 'priced', amount_usd: '0.006525' },
    },
  ]);
  expect((await get(`/api/v1/entries/${'0'.repeat(32)}/${'0'.repeat(16)}`)).status).toBe(404);
});

test('budgets as they stand; status counts what came, and shows no secret of the backend', async () => {
  const { json, counters } = await startApi(calls);
  counters.add('received_spans', 12);
  counters.add('other_spans', 3, '@opentelemetry/instrumentation-http');
  counters.add('other_spans', 5, 'my-scope');
  counters.add('settled_aggregates', 4, 'parts_known');
  counters.add('open_calls', 2, 'ended');
  expect(await json('/api/v1/budgets')).toEqual({ budgets: [budget] });
  expect(await json('/api/v1/status')).toEqual({
    version: '0.1.0',
    ledger: { kind: 'sqlite', location: './spanledger.db', first: '2026-11-01T00:01:00.000Z' },
    prices: { version: '2026.11.1', checked: '2026-11-23', age_days: 2, models: 1_500, held: 0 },
    received: {
      spans: 12,
      calls: 0,
      duplicates: 0,
      other_spans: 8,
      scopes: [
        { scope: 'my-scope', spans: 5 },
        { scope: '@opentelemetry/instrumentation-http', spans: 3 },
      ],
    },
    held_back: {
      aggregates: { waiting: 0, parts_known: 4 },
      open_calls: { waiting: 0, ended: 2 },
      nested: 0,
    },
    forward: {
      endpoint: 'https://backend.example/v1/traces',
      failed_spans: 0,
      backends: [{ name: 'tempo', endpoint: 'https://backend.example/v1/traces', spooled_spans: 7, spool_bytes: 1024 }],
    },
    now: '2026-11-25T12:00:00.000Z',
  });
});

const refused: readonly (readonly [path: string, detail: string])[] = [
  ['costs?by=custmer_id', 'parameter "by": "custmer_id" is not a dimension; did you mean "customer_id"?'],
  [
    'costs?group=model',
    'parameter "group": there is no such parameter; there are by, from, to, where, tz, bucket, top, compare, format',
  ],
  ['costs?bucket=week', 'parameter "bucket": hour, day or month'],
  ['costs?tz=Mars/Olympus', 'parameter "tz": no IANA time zone'],
  ['costs?top=0', 'parameter "top": a whole number from 1 to 1000'],
  ['costs?format=xml', 'parameter "format": json, csv or ndjson'],
  ['costs?from=yesterday', 'parameter "from": "yesterday" is no time; write an instant'],
  ['costs?from=2026-11-01T12:00:00', 'parameter "from": "2026-11-01T12:00:00" is no time'],
  ['costs?from=2026-02-30', 'parameter "from": "2026-02-30" is not a day of the calendar'],
  ['costs?from=2026-11-25T13:00:00Z', 'parameter "from": is not before "to"'],
  ['costs?from=-30d&from=-7d', 'parameter "from": give it once'],
  ['costs?where=plan', 'parameter "where": "plan" is not a matcher'],
  ['costs?where=plan=~"("', 'parameter "where": "(" is not a regular expression'],
  ['costs?bucket=hour&from=2020-01-01', 'more than 2000 buckets'],
  ['entries?limit=5000', 'parameter "limit": a whole number from 1 to 1000'],
  ['entries?cursor=abc', 'parameter "cursor": take the "next" of the previous answer as it is'],
  ['entries/1/2', 'a trace id has 32 hex digits, a span id 16'],
  ['derivation?by=model', 'parameter "by": there is no such parameter; there are from, to, where, tz'],
];

test('a parameter that is not understood is named, with what is allowed', async () => {
  const { get } = await startApi([]);
  for (const [path, detail] of refused) {
    const response = await get(`/api/v1/${path}`);
    expect([path, response.status]).toEqual([path, 400]);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await response.json()).toEqual({
      type: 'urn:spanledger:error:invalid_query',
      title: 'Bad Request',
      status: 400,
      detail: expect.stringContaining(detail),
    });
  }
});

test('other paths and methods are told what there is', async () => {
  const { get } = await startApi([]);
  const missing = await get('/api/v1/cost');
  expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining('costs, derivation, entries')]);
  const posted = await fetch(missing.url, { method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('with a token for reading, figures need it; health and the page do not', async () => {
  const { get } = await startApi(calls, { tokens: [{ secret: 's3cret', scopes: ['read'] }] });
  for (const path of ['/api/v1/costs', '/metrics']) {
    const refused = await get(path);
    expect([path, refused.status, refused.headers.get('www-authenticate')]).toEqual([
      path,
      401,
      'Bearer realm="spanledger"',
    ]);
    expect((await get(path, { authorization: 'Bearer s3cret' })).status).toBe(200);
  }
  for (const path of ['/healthz', '/readyz', '/']) expect([path, (await get(path)).status]).toEqual([path, 200]);
});

test('a ledger that is away: not ready, 503, and when to come again', async () => {
  const { ledger, get } = await startApi([]);
  await ledger.close();
  for (const path of ['/readyz', '/api/v1/costs']) {
    const response = await get(path);
    expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '5']);
    expect(await response.json()).toMatchObject({ type: 'urn:spanledger:error:ledger_unavailable' });
  }
  expect((await get('/healthz')).status).toBe(200);
});

test('what nobody foresaw is for the log, not for the caller', async () => {
  const { get } = await startApi([], { ledger: { firstUs: () => Promise.reject(new Error('secret detail')) } });
  const response = await get('/api/v1/status');
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret detail');
});

test('the page is served beside the API, under its own policy', async () => {
  const { get } = await startApi([]);
  const page = await get('/');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
});

/** fetch always sends the host that it connects to. */
function statusFor(url: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}/api/v1/status`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject).end();
  });
}

test.each([
  ['localhost:9464', 200],
  ['127.0.0.1', 200],
  ['[::1]:9464', 200],
  // A page on the web that made its own name mean 127.0.0.1.
  ['attacker.example', 403],
  ['localhost.attacker.example:9464', 403],
])('on loopback without a token, a request for the host %s is answered %i', async (host, status) => {
  const { url } = await startApi([]);
  expect(await statusFor(url, host)).toBe(status);
});

test('metrics: plain text, or OpenMetrics for who asks for it, with starts if they are wanted', async () => {
  const { get } = await startApi([makeEntry(1)]);
  const plain = await get('/metrics', { accept: 'text/html,*/*' });
  expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  const open = await get('/metrics', { accept });
  expect(open.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  const text = await open.text();
  expect(text).toMatch(/^# TYPE spanledger_cost_usd counter$/m);
  expect(text).toMatch(/\n# EOF\n$/);
  expect(text).not.toContain('_created');
  const created = await (await get('/metrics?created=true', { accept })).text();
  // The sums of the ledger since its first entry, those of the process since its start.
  expect(created).toMatch(new RegExp(`^spanledger_cost_usd_created\\{.*\\} ${makeEntry(1).startUs / 1e6}$`, 'm'));
  expect(created).toContain(`\nspanledger_received_spans_created ${NOW / 1e6}\n`);
});
