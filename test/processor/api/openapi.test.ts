import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import * as fc from 'fast-check';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { accessBy } from '../../../processor/access.ts';
import { apiRouter } from '../../../processor/api.ts';
import { apiDoc } from '../../../processor/api/api-doc.ts';
import { openApi, parameters } from '../../../processor/api/openapi.ts';
import { operations, type Operation } from '../../../processor/api/operations.ts';
import { previousRange } from '../../../processor/api/previous.ts';
import { problem } from '../../../processor/api/schemas.ts';
import { createLeases } from '../../../processor/budgets/leases.ts';
import { createStateFeed } from '../../../processor/budgets/state-feed.ts';
import { createCounters } from '../../../processor/metrics.ts';
import { createSpendMetrics } from '../../../processor/metrics/spend.ts';
import { makeEntry, NOVEMBER, unpriced } from '../../support/entries.ts';
import { temporaryLedger } from '../../support/ledger.ts';
import { apiPrices } from '../../support/prices.ts';

const call = makeEntry(1, { dimensions: { customer_id: 'acme', feature: 'chat' }, extra: { a: 'b' } });
const DAY = 86_400_000_000;

async function startApi(): Promise<string> {
  const ledger = await temporaryLedger();
  await ledger.append([
    call,
    makeEntry(2, { dimensions: { customer_id: 'globex' }, charge: unpriced('acme-13b') }),
    makeEntry(3, { dimensions: { customer_id: 'acme' }, startUs: NOVEMBER - 5 * DAY }),
    makeEntry(4, { dimensions: { customer_id: 'gone' }, startUs: NOVEMBER - 5 * DAY }),
  ]);
  await ledger.adjust([{ of: call, replacement: { ...call, attempts: 2 }, id: 'late' }]);
  const counters = createCounters();
  const leases = createLeases({ acting: () => [] });
  const server = createServer(
    express().use(
      apiRouter({
        ledger,
        counters,
        spend: createSpendMetrics({ ledger, counters }),
        budgets: { states: () => [] },
        feed: createStateFeed({ budgets: { acting: () => [] }, prices: apiPrices, leases }),
        leases,
        access: accessBy([], true),
        loopbackNamesOnly: true,
        version: '0.1.0',
        location: { kind: 'sqlite', location: './spanledger.db' },
        prices: apiPrices,
        timezone: 'UTC',
        log: pino({ level: 'silent' }),
        now: () => NOVEMBER + 3 * DAY,
      }),
    ),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
}

/** Examples of the document, and anything. */
function requests(operation: Operation): fc.Arbitrary<string> {
  const given = parameters(operation);
  const values = (name: string): fc.Arbitrary<string> => {
    const { schema, example = '' } = given.find((parameter) => parameter.name === name) ?? { schema: {} };
    const examples = [example, ...((schema as { enum?: readonly string[] }).enum ?? [])];
    return fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...examples) }, fc.string({ unit: 'grapheme' }));
  };
  const query = fc
    .subarray(given.filter((parameter) => parameter.in === 'query').map(({ name }) => name))
    .chain((names) => fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), values(name)))))
    .map((pairs) => new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value.toWellFormed()])));
  const path = Object.entries(operation.parts ?? {}).reduce(
    (text, [name, example]) => text.replace(`{${name}}`, example),
    operation.path,
  );
  return query.map((asked) => `/${path}?${asked.toString()}`);
}

test('every answer is as the document says, whatever is asked', async () => {
  const url = await startApi();
  for (const operation of operations) {
    const property = fc.asyncProperty(requests(operation), async (path) => {
      const response = await fetch(url + path);
      const type = response.headers.get('content-type') ?? '';
      if (response.status !== 200) {
        expect([400, 404]).toContain(response.status);
        expect(problem.parse(await response.json()).status).toBe(response.status);
        expect(type).toMatch(/^application\/problem\+json/);
        return;
      }
      const text = await response.text();
      if (type.startsWith('application/json')) expect(operation.answer.parse(JSON.parse(text))).toBeDefined();
      else expect(operation.formats).toContain(type.split(';')[0]);
    });
    await fc.assert(property, { numRuns: 25 });
  }
});

test('the document is served, names every operation, and docs/api.md is made from it (vitest -u writes it)', async () => {
  const url = await startApi();
  const served = (await (await fetch(`${url}/openapi.json`)).json()) as ReturnType<typeof openApi>;
  expect(served).toEqual(JSON.parse(JSON.stringify(openApi('0.1.0'))));
  expect(Object.keys(served.paths)).toEqual(operations.map(({ path }) => `/${path}`));
  const { detail } = (await (await fetch(`${url}/nothing`)).json()) as { detail: string };
  for (const { path } of operations) expect(detail).toContain(path);
  await expect(apiDoc()).toMatchFileSnapshot('../../../docs/api.md');
});

test('compared with the time before: growth, newcomers, and who is gone', async () => {
  const url = await startApi();
  const answer = await (
    await fetch(`${url}/costs?by=customer_id&from=2026-11-01&to=2026-12-01&compare=previous`)
  ).json();
  expect(answer).toMatchObject({
    previous: { from: '2026-10-01T00:00:00.000Z', to: '2026-11-01T00:00:00.000Z' },
    rows: [
      { customer_id: 'acme', cost_usd: '0.004', previous: { calls: 1, cost_usd: '0.004' }, change_usd: '0', growth: 0 },
      {
        customer_id: 'gone',
        calls: 0,
        cost_usd: '0',
        previous: { cost_usd: '0.004' },
        change_usd: '-0.004',
        growth: -1,
      },
      { customer_id: 'globex', cost_usd: null, previous: { calls: 0, cost_usd: '0' }, change_usd: null, growth: null },
    ],
    total: { cost_usd: '0.004', previous: { calls: 2, cost_usd: '0.008' }, change_usd: '-0.004', growth: -0.5 },
  });
  const top = await (
    await fetch(`${url}/costs?by=customer_id&from=2026-11-01&to=2026-12-01&compare=previous&top=1&format=csv`)
  ).text();
  expect(top.split('\r\n')).toEqual([
    'customer_id,calls,cost_usd,unpriced_calls,input_tokens,output_tokens,previous_calls,previous_cost_usd,change_usd,growth',
    'acme,1,0.004,0,800,200,1,0.004,0,0',
    'other,1,,1,800,200,1,0.004,,',
    '',
  ]);
});

test.each([
  ['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z', '2026-10-01T00:00:00Z'],
  ['2026-10-01T00:00:00Z', '2027-01-01T00:00:00Z', '2026-07-01T00:00:00Z'],
  ['2026-11-01T00:00:00Z', '2026-11-08T00:00:00Z', '2026-10-25T00:00:00Z'],
  ['2026-11-02T00:00:00Z', '2026-12-02T00:00:00Z', '2026-10-03T00:00:00Z'],
])('the time before %s to %s begins %s', (from, to, start) => {
  const at = (iso: string): number => Date.parse(iso) * 1000;
  expect(previousRange({ from: at(from), to: at(to), timezone: 'UTC' })).toEqual({ from: at(start), to: at(from) });
});

test('NDJSON: a line an entry, all of them; an ETag that spares what has not changed', async () => {
  const url = await startApi();
  const lines = (await (await fetch(`${url}/entries?format=ndjson`)).text()).split('\n');
  expect(lines.slice(0, -1).map((line) => (JSON.parse(line) as { rev: number }).rev)).toEqual([0, 2, 1, 0, 0, 0]);
  expect(lines.at(-1)).toBe('');
  const some = await (await fetch(`${url}/costs?by=customer_id&format=ndjson`)).text();
  expect(some.trim().split('\n')).toHaveLength(3);

  const path = `${url}/costs?from=2026-11-01&to=2026-12-01`;
  const etag = (await fetch(path)).headers.get('etag') ?? '';
  // fetch() would ask for a fresh answer itself.
  const request = get(path, { headers: { 'if-none-match': etag } });
  const [again] = (await once(request, 'response')) as [IncomingMessage];
  again.resume();
  expect(again.statusCode).toBe(304);
});

test('one call with its adjustments; the values of a dimension', async () => {
  const url = await startApi();
  expect(await (await fetch(`${url}/entries/${call.traceId}/${call.spanId}`)).json()).toMatchObject({
    revisions: [{ rev: 0 }, { rev: 1, effect: 'reversal' }, { rev: 2, attempts: 2 }],
    adjustments: [{ id: 'late', revisions: [1, 2] }],
    stands: { rev: 2, attempts: 2 },
  });
  expect(await (await fetch(`${url}/dimensions/customer_id?match=G&limit=1`)).json()).toEqual({
    name: 'customer_id',
    values: [{ value: 'gone', calls: 1, cost_usd: '0.004' }],
    more: true,
  });
});
