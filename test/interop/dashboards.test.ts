/**
 * Every expression of every board and rule, asked of a real Prometheus that scrapes a real processor: with the demo's
 * history, calls that come in, budgets that fill, a backend that is away and one that refuses.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boards } from '../../dashboards/boards.ts';
import { alertRules } from '../../dashboards/rules.ts';
import { makeHistory, otlpRequests, type HistoryCall } from '../../examples/history.ts';
import { startApp, type App } from '../../processor/app.ts';
import { loadConfig } from '../../processor/config.ts';
import { chatSpan, encodeJson, request, tokens, type TestSpan } from '../support/otlp.ts';
import { startSink, type Sink } from '../support/sink.ts';
import { freePort } from './support/free-port.ts';
import { missingPrometheus, promtool, startPrometheus, type Prometheus } from './support/prometheus.ts';

if (missingPrometheus !== undefined) process.stderr.write(`SKIPPED: no board is tried: ${missingPrometheus}\n`);

const files = join(import.meta.dirname, '../../dashboards/prometheus');
const budgetsYaml = `groups:
  - name: all
    rules:
      - budget: customer-daily
        match: ['customer_id!=""']
        by: [customer_id]
        amount: 1 USD
        period: year
        thresholds: [{ at: 70%, severity: warning }, { forecast: 100%, severity: warning }]
notify:
  webhook: { url: 'http://127.0.0.1:9/hook' }
`;

/** What a board's variables stand for in the minute that this takes. */
const variables: Readonly<Record<string, string>> = {
  $__range: '60s',
  $__rate_interval: '5s',
  $__interval: '5s',
  $window: '4s',
  $team: '.*',
  $plan: '.*',
  $environment: '.*',
  $budget: '.*',
};
/** Without the 0 that stands in for nothing: here there is something of everything. */
const filled = (expr: string): string =>
  expr
    .replaceAll(' or vector(0)', '')
    .replaceAll(/\$\w+/g, (name) => variables[name] ?? expect.fail(`${name} in ${expr}`));

describe.skipIf(missingPrometheus !== undefined)('a real Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-boards-'));
  let app: App;
  let prometheus: Prometheus;
  let refusing: Sink;

  beforeAll(async () => {
    refusing = await startSink({ answer: () => ({ status: 400 }) });
    writeFileSync(join(folder, 'budgets.yaml'), budgetsYaml);
    writeFileSync(
      join(folder, 'spanledger.yaml'),
      `listen: { otlp: '127.0.0.1:0', api: '127.0.0.1:0' }
forward:
  - { name: away, endpoint: 'http://127.0.0.1:${await freePort()}' }
  - { name: refusing, endpoint: '${refusing.url}' }
`,
    );
    app = await startApp(loadConfig({ env: {}, cwd: folder }), { log: pino({ level: 'silent' }) });
    const history = makeHistory(Date.now());
    for (const body of otlpRequests(history.slice(0, 7_000), 500)) await post(body, { 'content-encoding': 'gzip' });
    prometheus = await startPrometheus(new URL(app.apiUrl).host, join(files, 'rules.yaml'));
    for (let round = 0; round < 20; round++) {
      await liveCalls(history.slice(7_000 + round * 100, 7_100 + round * 100), round);
      await sleep(500);
    }
  });

  afterAll(async () => {
    await prometheus.stop();
    await app.stop();
    await refusing.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function post(body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const json = { 'content-type': 'application/json', ...headers };
    await (
      await fetch(`${app.otlpUrl}/v1/traces`, { method: 'POST', headers: json, body: new Uint8Array(body) })
    ).text();
  }

  /** A part of the history as of now, and one of everything that a board counts. */
  async function liveCalls(part: readonly HistoryCall[], round: number): Promise<void> {
    const now = Date.now();
    const fresh = part.map((call) => ({ ...call, startMs: now - 1_000, endMs: now }));
    for (const body of otlpRequests(fresh, 500)) await post(body, { 'content-encoding': 'gzip' });
    const n = 1_000 + round * 10;
    const start = BigInt(now) * 1_000_000n;
    const odd: readonly TestSpan[] = [
      chatSpan(n, { 'gen_ai.usage.cache_read.input_tokens': tokens(300) }),
      chatSpan(n + 1, { 'gen_ai.request.model': 'model-of-tomorrow' }),
      {
        ...chatSpan(n + 2),
        attributes: [
          ['gen_ai.operation.name', 'chat'],
          ['gen_ai.provider.name', 'openai'],
          ['gen_ai.request.model', 'gpt-4o'],
        ],
      },
      { ...chatSpan(n + 3), name: 'GET /', attributes: [] },
      chatSpan(n, { 'gen_ai.usage.cache_read.input_tokens': tokens(300) }),
    ];
    await post(
      encodeJson(request(...odd.map((span) => Object.assign({}, span, { start, end: start + 1_000_000_000n })))),
    );
    await post(Buffer.from('{'));
  }

  test('takes every scrape', async () => {
    expect(await prometheus.lastError()).toBe('');
    expect((await prometheus.rules()).filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  test('has rows for every expression of every board: docs/dashboards.md', async () => {
    const lines: string[] = [];
    const empty: string[] = [];
    for (const { title, source, panels } of boards) {
      // Those that ask the ledger's database: test/interop/postgres/board.test.ts.
      if (source !== undefined) continue;
      lines.push('', `## ${title}`, '', '| panel | expression | rows |', '| --- | --- | --- |');
      for (const { title: panel, kind, queries } of panels)
        for (const { expr } of queries) {
          const rows = await prometheus.query(filled(expr), kind === 'graph' ? 15 : undefined);
          if (!rows.some(({ value }) => Number.isFinite(value))) empty.push(`${title}: ${panel}: ${expr}`);
          lines.push(`| ${panel} | \`${expr.replaceAll('|', String.raw`\|`)}\` | ${rows.length} |`);
        }
    }
    lines.push('', '## Alerts', '', '| alert | figure | when | rows |', '| --- | --- | --- | --- |');
    for (const { alert, value, when } of alertRules) {
      const rows = await prometheus.query(value);
      if (rows.length === 0) empty.push(`${alert}: ${value}`);
      await prometheus.query(`${value} ${when}`);
      lines.push(`| ${alert} | \`${value}\` | \`${when}\` | ${rows.length} |`);
    }
    expect(empty).toEqual([]);
    await expect(`${HEAD}${lines.join('\n')}\n`).toMatchFileSnapshot('../../docs/dashboards.md');
  });

  test('agrees with the ledger to the last digit of a double', async () => {
    const answer = await fetch(`${app.apiUrl}/api/v1/costs?by=feature&from=2020-01-01`);
    const { rows } = (await answer.json()) as { rows: readonly { feature: string; cost_usd: string | null }[] };
    const theirs = await prometheus.query('sum by (feature) (spanledger_cost_usd_total)');
    const byFeature = new Map(theirs.map(({ metric, value }) => [metric['feature'] ?? '', value]));
    for (const { feature, cost_usd: cost } of rows)
      if (cost !== null) expect(byFeature.get(feature), feature).toBeCloseTo(Number(cost), 9);
    expect(rows.length).toBeGreaterThan(5);
  });

  test('and its tool find nothing wrong: metrics, rules, their tests, the configuration', async () => {
    const text = await (await fetch(`${app.apiUrl}/metrics`)).text();
    expect(promtool(['check', 'metrics'], text)).toBe('');
    expect(promtool(['check', 'config', join(files, 'prometheus.yml')])).toContain('SUCCESS');
    expect(promtool(['check', 'rules', join(files, 'rules.yaml')])).toContain(`${alertRules.length} rules found`);
    expect(promtool(['test', 'rules', join(import.meta.dirname, '../fixtures/dashboards/rules.test.yaml')])).toContain(
      'SUCCESS',
    );
  });
});

const HEAD = `# Boards and alerts, tried

<!-- Generated by test/interop/dashboards.test.ts with "-u", which asks all of it of a real Prometheus. -->

Every expression of every board in dashboards/grafana, and the figure behind every alert, with the number of rows that a
Prometheus returned which scraped a processor with the demo's history, live calls, budgets, a backend that was away and one
that refused.
`;
