import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { runCommand, type Outcome } from '../../support/command.ts';
import { makeEntry, unpriced } from '../../support/entries.ts';
import { temporaryFolder } from '../../support/ledger.ts';

const main = join(import.meta.dirname, '../../../processor/main.ts');
const november = ['--from', '2026-11-01', '--to', '2026-12-01'];

function query(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return runCommand(['query', ...args], { cwd, env });
}

/** The command line in a process of its own, beside one that writes. */
async function queryProcess(cwd: string, args: readonly string[]): Promise<Outcome> {
  const options = { cwd, env: { PATH: process.env['PATH'] } };
  return { code: 0, ...(await promisify(execFile)(process.execPath, [main, 'query', ...args], options)) };
}

async function folderWithLedger(): Promise<string> {
  const folder = temporaryFolder();
  const ledger = await openSqliteLedger({ path: join(folder, 'spanledger.db') });
  onTestFinished(() => ledger.close());
  await ledger.append([
    makeEntry(1, { dimensions: { customer_id: 'acme' } }),
    makeEntry(2, { dimensions: { customer_id: 'acme' }, counts: { input: 1_250, output: 340 } }),
    makeEntry(3, { dimensions: { customer_id: 'evil\u001B[2J' } }),
    makeEntry(4, { charge: unpriced('acme-13b') }),
  ]);
  return folder;
}

test('a table from the ledger of this folder, while a process writes to it', async () => {
  const { code, stdout } = await queryProcess(await folderWithLedger(), ['--by', 'customer_id', ...november]);
  expect(stdout).toBe(
    [
      'customer_id       cost  calls  unpriced  input tokens  output tokens',
      'acme         $0.010525      2         0         2,050            540',
      'evil\uFFFD[2J        $0.004      1         0           800            200',
      '—                    —      1         1           800            200',
      'total        $0.014525      4         1         3,650            940',
      'from 2026-11-01T00:00:00.000Z to 2026-12-01T00:00:00.000Z',
      '',
    ].join('\n'),
  );
  expect(code).toBe(0);
});

test('CSV and JSON have the exact figures', async () => {
  const folder = await folderWithLedger();
  const csv = await query(folder, ['--bucket', 'day', '--where', 'customer_id="acme"', '--format', 'csv', ...november]);
  expect(csv.stdout).toBe(
    'bucket,calls,cost_usd,unpriced_calls,input_tokens,output_tokens\r\n2026-11-01T00:00:00.000Z,2,0.010525,0,2050,540\r\n',
  );
  const json = await query(folder, [
    '--by',
    'model',
    '--format',
    'json',
    '--ledger',
    join(folder, 'spanledger.db'),
    ...november,
  ]);
  expect(JSON.parse(json.stdout)).toMatchObject({ total: { calls: 4, cost_usd: '0.014525', unpriced_calls: 1 } });
});

test('a server is asked with the token of the environment; what it refuses is told', async () => {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    response.statusCode = 401;
    response.end(JSON.stringify({ detail: 'send a token' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const args = ['--by', 'feature', '--where', 'plan="pro"', '--where', 'team!=""', '--url', url];
  const refused = await query(temporaryFolder(), args, { SPANLEDGER_TOKEN_READ: 's3cret' });
  expect(asked[0]?.url).toBe('/api/v1/costs?by=feature&where=plan%3D%22pro%22%2Cteam%21%3D%22%22&format=json');
  expect(asked[0]?.headers.authorization).toBe('Bearer s3cret');
  expect(refused).toEqual({ code: 1, stdout: '', stderr: `spanledger: ${url} answered 401: send a token\n` });
});

test('mistakes are told in one line', async () => {
  const folder = temporaryFolder();
  const missing = await query(folder, []);
  expect([missing.code, missing.stderr]).toEqual([
    2,
    `spanledger: there is no ledger ${folder}/spanledger.db: name one with --ledger, or a server with --url\n`,
  ]);
  const wrong = await query(folder, ['--by', 'custmer_id']);
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    'spanledger: parameter "by": "custmer_id" is not a dimension; did you mean "customer_id"?\n',
  ]);
  const away = await query(folder, ['--url', 'http://127.0.0.1:1']);
  expect([away.code, away.stderr]).toEqual([
    1,
    expect.stringMatching(/^spanledger: http:\/\/127\.0\.0\.1:1 can't be reached: .+\n$/),
  ]);
});
