/** The whole processor: real HTTP, real gzip, a real ledger, a real backend. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { startApp, type App } from '../../processor/app.ts';
import { defaultConfig, type Config } from '../../processor/config.ts';
import { temporaryFolder } from '../support/ledger.ts';
import { chatSpan, encodeProtobuf, request, type TestSpan } from '../support/otlp.ts';
import { startSink } from '../support/sink.ts';

interface Costs {
  readonly rows: readonly Record<string, unknown>[];
  readonly total: Record<string, unknown>;
}

async function start(more: Partial<Config> = {}): Promise<{ app: App; lines: string[] }> {
  const lines: string[] = [];
  const any = { host: '127.0.0.1', port: 0 };
  const config = {
    ...defaultConfig(),
    listen: { ...defaultConfig().listen, otlp: any, grpc: undefined, api: any },
    ledger: join(temporaryFolder(), 'spanledger.db'),
    ...more,
  };
  const app = await startApp(config, { log: pino({ level: 'silent' }), print: (line) => lines.push(line) });
  onTestFinished(() => app.stop());
  return { app, lines };
}

async function post(app: App, ...spans: readonly TestSpan[]): Promise<number> {
  const response = await fetch(`${app.otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
    body: new Uint8Array(gzipSync(encodeProtobuf(request(...spans)))),
  });
  await response.arrayBuffer();
  return response.status;
}

async function costs(app: App, by: string): Promise<Costs> {
  const response = await fetch(`${app.apiUrl}/api/v1/costs?by=${by}&from=2026-01-01&to=2027-01-01`);
  return (await response.json()) as Costs;
}

it('a span that comes in is priced, kept, forwarded, printed, served and counted', async () => {
  const sink = await startSink();
  onTestFinished(() => sink.stop());
  const { app, lines } = await start({ forward: [{ name: 'sink', endpoint: sink.url, headers: {} }] });
  expect(await post(app, chatSpan(1, { 'spanledger.customer_id': 'acme' }), { ...chatSpan(2), attributes: [] })).toBe(
    200,
  );

  expect(await costs(app, 'customer_id')).toMatchObject({
    rows: [
      { customer_id: 'acme', calls: 1, cost_usd: '0.004', unpriced_calls: 0, input_tokens: 800, output_tokens: 200 },
    ],
    total: { cost_usd: '0.004' },
  });
  expect(sink.spans.map(({ attributes }) => attributes['spanledger.cost.usd'])).toEqual([0.004, undefined]);
  expect(sink.requests[0]?.headers).toMatchObject({ 'x-spanledger-hop': '1' });
  const port = new URL(app.otlpUrl).port;
  expect(lines[0]).toMatch(
    new RegExp(`^OTLP :${port} · page ${app.apiUrl.replace('127.0.0.1', 'localhost')} · ledger \\S+ · 0 calls$`),
  );
  expect(lines[1]).toBe('gpt-4o 800/200 $0.004 customer=acme');
  const metrics = await (await fetch(`${app.apiUrl}/metrics`)).text();
  expect(metrics).toContain('spanledger_received_spans_total 2\n');
  expect(metrics).toMatch(/^spanledger_cost_usd_total\{.*model="gpt-4o".*\} 0\.004$/m);
  expect((await fetch(app.apiUrl)).headers.get('content-type')).toContain('text/html');
  const status: unknown = await (await fetch(`${app.apiUrl}/api/v1/status`)).json();
  expect(status).toMatchObject({ received: { spans: 2, calls: 1 }, forward: { failed_spans: 0 } });
});

it('what was acknowledged is there after a restart, and a resend changes nothing', async () => {
  const ledger = join(temporaryFolder(), 'spanledger.db');
  const first = await start({ ledger });
  await post(first.app, chatSpan(1), chatSpan(2));
  await first.app.stop();
  const second = await start({ ledger });
  expect(second.lines[0]).toMatch(/· 2 calls$/);
  await post(second.app, chatSpan(1), chatSpan(2));
  expect(await costs(second.app, 'model')).toMatchObject({ total: { calls: 2, cost_usd: '0.008' } });
  expect(second.lines).toHaveLength(1);
});

it('an agent span over two calls is not charged, and a model without a price is never $0', async () => {
  const figures = join(import.meta.dirname, '../fixtures/otlp');
  const { app } = await start();
  for (const name of ['otel-genai.agent', 'otel-genai.unknown-model']) {
    const response = await fetch(`${app.otlpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: readFileSync(join(figures, `${name}.json`)),
    });
    expect(response.status).toBe(200);
  }
  expect(await costs(app, 'model')).toMatchObject({
    rows: [
      { model: 'gpt-4.1-mini', calls: 2, cost_usd: '0.00216', unpriced_calls: 0 },
      { model: 'acme-13b', calls: 1, cost_usd: null, unpriced_calls: 1, input_tokens: 1_000_000 },
    ],
    total: { cost_usd: '0.00216', unpriced_calls: 1 },
  });
});

it('an application that is away from its backend still gets every entry', async () => {
  const sink = await startSink({ answer: () => ({ status: 503 }) });
  onTestFinished(() => sink.stop());
  const { app } = await start({ forward: [{ name: 'sink', endpoint: sink.url, headers: {} }] });
  expect(await post(app, chatSpan(1))).toBe(200);
  expect(await costs(app, 'model')).toMatchObject({ total: { calls: 1 } });
  const status: unknown = await (await fetch(`${app.apiUrl}/api/v1/status`)).json();
  expect(status).toMatchObject({ forward: { failed_spans: 0, backends: [{ name: 'sink', spooled_spans: 1 }] } });
});

it('tokens guard both addresses', async () => {
  const tokens = [
    { secret: 'secret-of-the-collector', scopes: ['ingest'] },
    { secret: 'secret-of-the-reader', scopes: ['read'] },
  ] as const;
  const { app } = await start({ tokens });
  expect(await post(app, chatSpan(1))).toBe(401);
  const statusOf = async (authorization?: string): Promise<number> =>
    (await fetch(`${app.apiUrl}/api/v1/status`, authorization === undefined ? {} : { headers: { authorization } }))
      .status;
  expect(await statusOf()).toBe(401);
  expect(await statusOf('Bearer secret-of-the-collector')).toBe(401);
  expect(await statusOf('Bearer secret-of-the-reader')).toBe(200);
});

it('budgets that are wrong keep it from starting, with every mistake, and nothing is left open', async () => {
  const folder = temporaryFolder();
  const budgets = join(folder, 'budgets.yaml');
  writeFileSync(budgets, 'groups:\n  - name: a\n    rulez: []\n');
  const ledger = join(folder, 'spanledger.db');
  await expect(start({ budgets, ledger })).rejects.toMatchObject({
    code: 'invalid_config',
    message: expect.stringMatching(/budgets\.yaml:3:5: .*did you mean "rules"/) as string,
  });
  await start({ ledger });
});

it('a port that is taken is named, and no file of a ledger is made', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };
  const ledger = join(temporaryFolder(), 'spanledger.db');
  const any = { host: '127.0.0.1', port: 0 };
  await expect(
    start({
      ledger,
      listen: { ...defaultConfig().listen, otlp: { host: '127.0.0.1', port }, grpc: undefined, api: any },
    }),
  ).rejects.toMatchObject({ code: 'address_in_use', message: expect.stringContaining(`127.0.0.1:${port}`) as string });
  expect(existsSync(ledger)).toBe(false);
  await start({ ledger });
});
