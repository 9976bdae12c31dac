/** Processors that share a database: budgets see what all of them take, and a database that is away loses nothing. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startApp, type App } from '../../../processor/app.ts';
import { loadConfig } from '../../../processor/config.ts';
import { temporaryFolder } from '../../support/ledger.ts';
import { chatSpan, encodeProtobuf, request } from '../../support/otlp.ts';
import { postgresFolder, startPostgres, type Postgres } from '../support/postgres.ts';

const budgets = `groups:
  - name: all
    rules:
      - budget: everything
        period: year
        timezone: UTC
        amount: 1 USD
        thresholds:
          - at: 50%
            severity: warning
`;

const start = BigInt(Date.now() - 60_000) * 1_000_000n;

describe.skipIf(postgresFolder() === undefined)('processors on one PostgreSQL', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  async function startOn(url: string): Promise<App> {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'budgets.yaml'), budgets);
    const listen = { SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0', SPANLEDGER_LISTEN_API: '127.0.0.1:0' };
    const app = await startApp(loadConfig({ env: { ...listen, SPANLEDGER_LEDGER: url }, cwd: folder }), {
      log: pino({ level: 'silent' }),
    });
    onTestFinished(() => app.stop());
    return app;
  }

  async function send(app: App, from: number, count: number): Promise<Response> {
    const spans = Array.from({ length: count }, (_, n) => ({ ...chatSpan(from + n), start, end: start + 1_000_000n }));
    const response = await fetch(`${app.otlpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(encodeProtobuf(request(...spans))),
    });
    await response.arrayBuffer();
    return response;
  }

  const get = async <T>(app: App, path: string): Promise<T> => (await (await fetch(app.apiUrl + path)).json()) as T;
  const spent = async (app: App): Promise<string | undefined> =>
    (await get<{ budgets: { spent_usd: string }[] }>(app, '/api/v1/budgets')).budgets[0]?.spent_usd;
  const calls = async (app: App): Promise<number> =>
    (await get<{ total: { calls: number } }>(app, '/api/v1/costs?from=2020-01-01&to=2030-01-01')).total.calls;

  test('what one takes reaches the budgets and metrics of the others', async () => {
    const url = server.url();
    // Both at once, on an empty database.
    const [one, two] = await Promise.all([startOn(url), startOn(url)]);
    expect((await send(one, 0, 10)).status).toBe(200);
    expect((await send(two, 10, 20)).status).toBe(200);
    expect((await send(two, 5, 10)).status).toBe(200);
    for (const app of [one, two]) {
      await expect.poll(() => spent(app), { timeout: 5_000 }).toBe('0.12');
      expect(await calls(app)).toBe(30);
      const metrics = await (await fetch(`${app.apiUrl}/metrics`)).text();
      expect(metrics).toMatch(/^spanledger_cost_usd_total\{.*\} 0\.12$/m);
    }
    expect(await get(one, '/api/v1/status')).toMatchObject({ ledger: { kind: 'postgresql' } });
  });

  test('away: not ready, senders are told when to come back; back: nothing is lost, nothing is there twice', async () => {
    const app = await startOn(server.url());
    expect((await send(app, 0, 10)).status).toBe(200);
    server.halt('immediate');
    const refused = await send(app, 10, 10);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${app.apiUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${app.apiUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${app.apiUrl}/api/v1/costs`)).status).toBe(503);
    server.start();
    await expect.poll(async () => (await fetch(`${app.apiUrl}/readyz`)).status, { timeout: 10_000 }).toBe(200);
    expect((await send(app, 10, 10)).status).toBe(200);
    expect((await send(app, 0, 20)).status).toBe(200);
    expect(await calls(app)).toBe(20);
    await expect.poll(() => spent(app)).toBe('0.08');
  });
});
