/** Every SQL target of Grafana's board of the ledger, asked of a real PostgreSQL that a processor wrote the demo's history to. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boards } from '../../../dashboards/boards.ts';
import { makeHistory, otlpRequests } from '../../../examples/history.ts';
import { processorApi, type ProcessorApi } from '../../../examples/api.ts';
import { startProcessor, type RunningProcessor } from '../../../examples/processor.ts';
import { chatSpan, encodeJson, request, type TestSpan } from '../../support/otlp.ts';
import { postgresFolder, startPostgres, type Postgres } from '../support/postgres.ts';

const missing = postgresFolder() === undefined;
if (missing) process.stderr.write('SKIPPED: no board is asked of PostgreSQL: there is none on this machine\n');

const cli = resolve(import.meta.dirname, '../../../processor/bin.cjs');
const DAY = 86_400;
const SCHEMA = 'board';

describe.skipIf(missing)('the board of the ledger', () => {
  const now = Math.floor(Date.now() / 1000);
  const range = { from: now - 7 * DAY, to: now + 3_600 };
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-board-'));
  let server: Postgres;
  let processor: RunningProcessor;
  let api: ProcessorApi;
  let client: Client;

  beforeAll(async () => {
    server = await startPostgres();
    const url = server.url(SCHEMA);
    writeFileSync(join(folder, 'spanledger.yaml'), `ledger: ${url}\n`);
    processor = await startProcessor(folder);
    api = processorApi(processor.apiUrl);
    const history = makeHistory(now * 1000).slice(-4_000);
    for (const body of otlpRequests(history, 500)) await post(body, { 'content-encoding': 'gzip' });
    const start = BigInt(now - 60) * 1_000_000_000n;
    const unpriced: TestSpan = {
      ...chatSpan(1, { 'gen_ai.request.model': 'model-of-tomorrow', customer_id: 'acme' }),
      start,
      end: start + 1n,
    };
    await post(encodeJson(request(unpriced)));
    const { customer, startMs } = history.at(-1) ?? { customer: '', startMs: 0 };
    const month = new Date(startMs).toISOString().slice(0, 7);
    const csv = join(folder, 'revenue.csv');
    writeFileSync(csv, `customer_id,period,net_amount,currency\n${customer},${month},1000,USD\n`);
    execFileSync(process.execPath, [cli, 'revenue', 'import', csv], { cwd: folder });
    client = new Client({ connectionString: new URL(url).href.replace(/[?&]schema=\w+/, '') });
    await client.connect();
  }, 60_000);

  afterAll(async () => {
    await client?.end();
    await processor?.stop();
    server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function post(body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const json = { 'content-type': 'application/json', ...headers };
    const answer = await fetch(`${processor.otlpUrl}/v1/traces`, {
      method: 'POST',
      headers: json,
      body: new Uint8Array(body),
    });
    expect(answer.status).toBe(200);
  }

  /** As Grafana fills it in, all customers being chosen. */
  const filled = (sql: string, { from, to } = range): string =>
    sql
      .replaceAll('$__unixEpochFrom()', String(from))
      .replaceAll('$__unixEpochTo()', String(to))
      .replaceAll('${schema}', SCHEMA)
      .replaceAll('${customer:sqlstring}', `SELECT customer_id FROM ${SCHEMA}.dimension`);

  test('has rows for every panel: docs/dashboards-postgres.md', async () => {
    const lines: string[] = [];
    const empty: string[] = [];
    for (const { title, source, panels } of boards) {
      if (source !== 'postgres') continue;
      lines.push('', `## ${title}`, '', '| panel | columns | rows |', '| --- | --- | --- |');
      for (const { title: panel, queries } of panels)
        for (const { expr } of queries) {
          const { rows, fields } = await client.query(filled(expr));
          if (rows.length === 0) empty.push(panel);
          // How many there are depends on the hour of the day; that there are some does not.
          lines.push(`| ${panel} | ${fields.map(({ name }) => name).join(', ')} | ${rows.length > 1 ? 'some' : 1} |`);
        }
    }
    expect(empty).toEqual([]);
    await expect(`${HEAD}${lines.join('\n')}\n`).toMatchFileSnapshot('../../../docs/dashboards-postgres.md');
  });

  test('agrees with the API to the last digit', async () => {
    const board = boards.find(({ source }) => source === 'postgres');
    const ask = async (title: string, within = range): Promise<Record<string, string | null>[]> => {
      const sql = board?.panels.find((panel) => panel.title === title)?.queries[0]?.expr ?? '';
      return (await client.query<Record<string, string | null>>(filled(sql, within))).rows;
    };
    const hour = (seconds: number): string => new Date(Math.floor(seconds / 3_600) * 3_600_000).toISOString();
    const times = { from: hour(range.from), to: hour(range.to + 3_600) };
    const { rows, total } = await api.costs({ ...times, by: 'customer_id' });
    const [spent] = await ask('Spent');
    expect(Number(spent?.['Spent'])).toBe(Number(total.cost_usd));
    const exact = new Map((await ask('Customers')).map((row) => [row['customer_id'], row['exact']]));
    expect(exact.size).toBeGreaterThan(5);
    for (const row of rows) expect(exact.get(String(row['customer_id']))).toBe(row['cost_usd']);
    // Of the whole month, though the range is an hour of it.
    const hourAgo = { from: now - 3_600, to: now };
    const margins = (await ask('Margin by customer and month', hourAgo)).filter(({ revenue }) => revenue !== null);
    expect(margins).toHaveLength(1);
    const [{ month = '', customer_id: customer = '', cost = '', margin = '' } = {}] = margins as Record<
      string,
      string
    >[];
    const next = new Date(Date.parse(`${month}-01`));
    next.setUTCMonth(next.getUTCMonth() + 1);
    const wholeMonth = { from: `${month}-01`, to: next.toISOString(), where: `customer_id="${customer}"` };
    const whole = (await api.costs(wholeMonth)).total.cost_usd ?? '';
    expect(Number(cost)).toBe(Number(whole));
    expect(Number(margin)).toBeCloseTo(1_000 - Number(whole), 9);
    expect(await ask('Without a price, by reason')).toEqual([
      { reason: 'unknown_model', provider: 'openai', model: 'model-of-tomorrow', calls: '1' },
    ]);
  });
});

const HEAD = `# The board of a ledger in PostgreSQL, tried

<!-- Generated by test/interop/postgres/board.test.ts with "-u", which asks all of it of a real PostgreSQL. -->

Every query of dashboards/grafana/spanledger-ledger.json, asked of a database that a processor wrote the demo's history to. Its
sums are compared with the API's to the last digit. Give Grafana a user of its own that may only read:

\`\`\`sql
CREATE ROLE grafana LOGIN PASSWORD '…';
GRANT USAGE ON SCHEMA spanledger TO grafana;
GRANT SELECT ON ALL TABLES IN SCHEMA spanledger TO grafana;
ALTER DEFAULT PRIVILEGES FOR ROLE ledger IN SCHEMA spanledger GRANT SELECT ON TABLES TO grafana; -- months to come
\`\`\`
`;
