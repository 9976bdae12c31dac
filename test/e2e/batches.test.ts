import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processorApi } from '../../examples/api.ts';
import { startProcessor, type RunningProcessor } from '../../examples/processor.ts';
import { appFile, runApp } from '../instrumentation/run-app.ts';

let folder: string;
let processor: RunningProcessor;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spanledger-batches-'));
  processor = await startProcessor(folder);
});
afterAll(async () => {
  await processor.stop();
  await rm(folder, { recursive: true, force: true });
});

test('results of a batch that two processes fetch are charged once, at the rates of batches', async () => {
  const env = { CREATED: String(Math.trunc(Date.now() / 1000) - 3600) };
  const run = { app: appFile('batches.mjs'), args: ['results'], endpoint: processor.otlpUrl, env };
  const api = processorApi(processor.apiUrl);
  await runApp(run);
  const before = await api.entries({ from: '-3d' });
  await runApp(run);
  const entries = await api.entries({ from: '-3d' });
  expect(entries).toEqual(before);
  const charges = entries.map(({ model, charge }) => [model, charge.amount_usd ?? charge.reason]);
  expect(charges.toSorted((a, b) => String(a[0]).localeCompare(String(b[0])))).toEqual([
    // 10 × $0.20 + 5 × $0.80 a million
    ['gpt-4.1-mini', '0.000006'],
    // The list has no rate of batches for what the cache serves of this model.
    ['gpt-4o-2024-08-06', 'unknown_unit'],
    // 8 × $0.01 a million
    ['text-embedding-3-small', '0.00000008'],
  ]);
});
