import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processorApi } from '../../examples/api.ts';
import { figure } from '../../examples/figures/post.ts';
import { startProcessor, type RunningProcessor } from '../../examples/processor.ts';

// Figures by hand from published rates; see examples/figures. Each starts with an empty ledger and the real CLI.
const cli = resolve(import.meta.dirname, '../../processor/bin.cjs');
const today = Date.now();
let folder: string;
let processor: RunningProcessor;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spanledger-figures-'));
});
afterEach(async () => {
  await processor?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function post(number: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${processor.otlpUrl}/v1/traces`, {
    method: 'POST',
    headers,
    body: figure(number, today),
  });
  expect(answer.status).toBe(200);
}

const api = (): ReturnType<typeof processorApi> => processorApi(processor.apiUrl);

test('a quote by hand: gpt-4o, 1,250 in and 340 out', () => {
  const args = [cli, 'prices', 'quote', 'gpt-4o', '--input', '1250', '--output', '340'];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toContain('$0.006525');
});

test('cached input is not counted twice: Opus 4.6 costs $0.0525, not $0.1725', async () => {
  processor = await startProcessor(folder);
  await post('2');
  const [entry] = await api().entries({ from: '-3d' });
  expect(entry?.usage).toEqual({ input: 1000, cache_read: 20_000, cache_write_5m: 4000, output: 500 });
  expect(entry?.charge).toMatchObject({ status: 'priced', amount_usd: '0.0525' });
  expect((await api().costs({ from: '-3d' })).total).toMatchObject({ calls: 1, cost_usd: '0.0525' });
});

test('the same request again after kill -9 and a restart is one entry of $0.004', async () => {
  processor = await startProcessor(folder);
  await post('3');
  await processor.kill();
  processor = await startProcessor(folder);
  expect((await api().costs({ from: '-3d' })).total).toMatchObject({ calls: 1, cost_usd: '0.004' });
  await post('3');
  expect(await api().entries({ from: '-3d' })).toHaveLength(1);
  expect((await api().costs({ from: '-3d' })).total).toMatchObject({ calls: 1, cost_usd: '0.004' });
  expect((await api().status()).received.duplicates).toBe(1);
});

test('an agent that repeats the usage of its calls is not charged for it: $0.00216, not $0.00432', async () => {
  processor = await startProcessor(folder);
  await post('4');
  expect((await api().costs({ from: '-3d' })).total).toMatchObject({ calls: 2, cost_usd: '0.00216' });
});

test('a model that no list prices has no figure, and is not $0', async () => {
  processor = await startProcessor(folder);
  await post('7');
  const { rows, total } = await api().costs({ from: '-3d', by: 'model' });
  expect(rows).toEqual([expect.objectContaining({ model: 'acme-13b', calls: 1, cost_usd: null, unpriced_calls: 1 })]);
  expect(total).toMatchObject({ calls: 1, cost_usd: null, unpriced_calls: 1 });
  const [entry] = await api().entries({ from: '-3d' });
  expect(entry?.charge.status).toBe('unpriced');
  expect(entry?.usage).toEqual({ input: 1_000_000, output: 250_000 });
});
