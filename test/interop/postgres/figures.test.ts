/** Figures that are worked out by hand, through the real processor and command line, on SQLite and on PostgreSQL alike. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { processorApi, type ProcessorApi } from '../../../examples/api.ts';
import { figure } from '../../../examples/figures/post.ts';
import { startProcessor, type RunningProcessor } from '../../../examples/processor.ts';
import { temporaryFolder } from '../../support/ledger.ts';
import { postgresFolder, startPostgres, type Postgres } from '../support/postgres.ts';

const cli = resolve(import.meta.dirname, '../../../processor/bin.cjs');
const today = Date.now();
let server: Postgres | undefined;
beforeAll(async () => {
  if (postgresFolder() !== undefined) server = await startPostgres();
});
afterAll(() => server?.stop());

describe.each(['SQLite', 'PostgreSQL'])('figures on %s', (store) => {
  const without = store === 'PostgreSQL' && postgresFolder() === undefined;

  /** Where the ledger is as its owner would have it. */
  function newFolder(): string {
    const folder = temporaryFolder();
    const ledger = store === 'SQLite' ? './spanledger.db' : (server?.url() ?? '');
    writeFileSync(join(folder, 'spanledger.yaml'), `ledger: ${ledger}\n`);
    return folder;
  }

  async function serve(folder: string): Promise<{ readonly processor: RunningProcessor; readonly api: ProcessorApi }> {
    const processor = await startProcessor(folder);
    onTestFinished(() => processor.stop());
    return { processor, api: processorApi(processor.apiUrl) };
  }

  async function post({ otlpUrl }: RunningProcessor, number: string): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${otlpUrl}/v1/traces`, { method: 'POST', headers, body: figure(number, today) });
    expect(answer.status).toBe(200);
  }

  const run = (cwd: string, ...args: readonly string[]): string =>
    execFileSync(process.execPath, [cli, ...args], { cwd, encoding: 'utf8' });

  test.skipIf(without)('the same request again after kill -9 and a restart is one entry of $0.004', async () => {
    const folder = newFolder();
    const first = await serve(folder);
    await post(first.processor, '3');
    await first.processor.kill();
    const second = await serve(folder);
    const once = { calls: 1, cost_usd: '0.004', unpriced_calls: 0 };
    expect((await second.api.costs({ from: '-3d' })).total).toMatchObject(once);
    await post(second.processor, '3');
    expect(await second.api.entries({ from: '-3d' })).toHaveLength(1);
    expect((await second.api.costs({ from: '-3d' })).total).toMatchObject(once);
    expect((await second.api.status()).received.duplicates).toBe(1);
    expect(run(folder, 'query', '--from', '-3d')).toMatch(/^\$0\.004 +1 +0 +800 +200$/m);
  });

  test.skipIf(without)(
    'a late price: unpriced, then contract.yaml and reprice, $0.60; the original stays',
    async () => {
      const folder = newFolder();
      const first = await serve(folder);
      await post(first.processor, '7');
      expect((await first.api.costs({ from: '-3d' })).total).toMatchObject({ calls: 1, cost_usd: null });
      await first.processor.stop();
      writeFileSync(
        join(folder, 'contract.yaml'),
        'self_hosted:\n  - { model: acme-13b, rates: { input: 0.30, output: 1.20 } }\n',
      );
      const range = ['--from', '-3d'];
      expect(run(folder, 'reprice', ...range, '--dry-run')).toMatch(/^acme +acme-13b +1 +— +\$0\.6 +\+\$0\.6$/m);
      expect(run(folder, 'reprice', ...range)).toMatch(/^1 calls adjusted/m);
      expect(run(folder, 'reprice', ...range)).toMatch(/^nothing to adjust$/m);
      const { api, processor } = await serve(folder);
      expect((await api.costs({ from: '-3d' })).total).toMatchObject({ calls: 1, cost_usd: '0.6', unpriced_calls: 0 });
      const one = await fetch(`${processor.apiUrl}/api/v1/entries/f1600000000000000000000000000007/5a00000000000701`);
      expect(await one.json()).toMatchObject({
        revisions: [
          { rev: 0, effect: 'charge', charge: { status: 'unpriced' } },
          { rev: 1, effect: 'reversal', charge: { status: 'unpriced' } },
          { rev: 2, effect: 'charge', charge: { status: 'priced', amount_usd: '0.6' } },
        ],
      });
    },
  );
});
