import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { startApp, type App } from '../../../processor/app.ts';
import { loadConfig } from '../../../processor/config.ts';
import { runCommand } from '../../support/command.ts';
import { temporaryFolder } from '../../support/ledger.ts';

const root = join(import.meta.dirname, '../../..');
const november = ['--from', '2026-11-01', '--to', '2026-12-01'];

async function reprice(cwd: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout } = await runCommand(['reprice', ...args], { cwd });
  expect(code).toBe(0);
  return stdout;
}

/** The processor as it starts in a folder, on free ports. */
async function serve(cwd: string): Promise<App> {
  const env = { SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0', SPANLEDGER_LISTEN_API: '127.0.0.1:0' };
  const app = await startApp(loadConfig({ env, cwd }), { log: pino({ level: 'silent' }) });
  onTestFinished(() => app.stop());
  return app;
}

async function get(app: App, path: string): Promise<unknown> {
  return (await fetch(`${app.apiUrl}/api/v1/${path}`)).json();
}

test('a late price (S44): unpriced, then contract.yaml, reprice, an adjustment of $0.60; the original stays visible', async () => {
  const folder = temporaryFolder();
  const before = await serve(folder);
  await fetch(`${before.otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: readFileSync(join(root, 'examples/figures/7.json')),
  });
  const costs = 'costs?from=2026-11-01&to=2026-12-01';
  expect(await get(before, costs)).toMatchObject({ total: { calls: 1, unpriced_calls: 1, cost_usd: null } });
  await before.stop();

  writeFileSync(
    join(folder, 'contract.yaml'),
    'self_hosted:\n  - { model: acme-13b, rates: { input: 0.30, output: 1.20 } }\n',
  );
  const table = [
    'provider  model     calls  charged   now  difference',
    'acme      acme-13b      1        —  $0.6       +$0.6',
    'total     —             1       $0  $0.6       +$0.6',
    'from 2026-11-01T00:00:00.000Z to 2026-12-01T00:00:00.000Z',
    '',
  ].join('\n');
  expect(await reprice(folder, ...november, '--dry-run')).toBe(table);
  expect(await reprice(folder, ...november, '--model', 'other')).toMatch(/^nothing to adjust\n/);
  expect(await reprice(folder, ...november)).toMatch(`${table}1 calls adjusted (reprice 20`);
  expect(await reprice(folder, ...november)).toMatch(/^nothing to adjust\n/);

  const after = await serve(folder);
  expect(await get(after, costs)).toMatchObject({ total: { calls: 1, unpriced_calls: 0, cost_usd: '0.6' } });
  expect(await get(after, 'entries/f1600000000000000000000000000007/5a00000000000701')).toMatchObject({
    revisions: [
      { rev: 0, effect: 'charge', adjustment: '', charge: { status: 'unpriced', reason: 'unknown_provider' } },
      { rev: 1, effect: 'reversal', charge: { status: 'unpriced' } },
      { rev: 2, effect: 'charge', adjustment: expect.stringMatching(/^reprice 20/), charge: { amount_usd: '0.6' } },
    ],
  });
  const metrics = await (await fetch(`${after.apiUrl}/metrics`)).text();
  expect(metrics).toMatch(/spanledger_cost_usd_total\{provider="acme",model="acme-13b".*\} 0\.6\n/);
});
