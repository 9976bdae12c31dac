import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processorApi, type LedgerEntry } from '../../examples/api.ts';
import { startProcessor, type RunningProcessor } from '../../examples/processor.ts';
import { startProvider, type Behaviour, type RecordedRequest } from '../support/provider.ts';

// An application of each kind of module, started with a plain --require: built preload, real SDKs, real processor.
const root = resolve(import.meta.dirname, '../..');
const models: Readonly<Record<string, Behaviour>> = {
  'gpt-4o': { usage: { input: 1250, output: 340, cacheRead: 250 } },
  'gpt-4o-mini': { status: 429 },
  'gpt-4.1': { usage: { input: 100, output: 50 } },
  'gpt-4.1-mini': { usage: { input: 2000, output: 400, reasoning: 100 } },
  'claude-haiku-4-5': { usage: { input: 2000, output: 60, cacheRead: 1000, cacheWrite1h: 500 } },
};

let folder: string;
let processor: RunningProcessor;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spanledger-apps-'));
  processor = await startProcessor(folder);
});
afterAll(async () => {
  await processor.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs an application to its natural end; what the ledger then has of it, and what the provider saw. */
async function run(app: string): Promise<{ entries: readonly LedgerEntry[]; requests: readonly RecordedRequest[] }> {
  const provider = await startProvider({ models });
  const service = app.replace('.', '-');
  const args = ['--require', 'spanledger/instrumentation', `test/fixtures/apps/${app}`];
  await promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: `${provider.url}/v1`,
      ANTHROPIC_API_KEY: 'sk-test',
      ANTHROPIC_BASE_URL: provider.url,
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: processor.otlpUrl,
    },
  });
  await provider.stop();
  const entries = await processorApi(processor.apiUrl).entries({ where: `service="${service}"`, from: '-1h' });
  return { entries: entries.toReversed(), requests: provider.requests };
}

const fields = (entry: LedgerEntry): readonly unknown[] => [
  entry.feature,
  entry.model,
  entry.usage,
  entry.usage_state,
  entry.charge.amount_usd ?? entry.charge.reason,
];

test('CommonJS and ESM applications give the same entries, and send providers the same requests', async () => {
  const [cjs, esm] = [await run('app.cjs'), await run('app.mjs')];
  const gpt4o = { input: 1000, cache_read: 250, output: 340 };
  const mini = { input: 2000, output: 300, reasoning: 100 };
  const haiku = { input: 500, cache_read: 1000, cache_write_1h: 500, output: 60 };
  expect(cjs.entries.map(fields)).toEqual([
    ['plain', 'gpt-4o-2024-08-06', gpt4o, 'reported', '0.0062125'],
    ['stream', 'gpt-4o-2024-08-06', gpt4o, 'reported', '0.0062125'],
    ['response', 'gpt-4.1-mini', mini, 'reported', '0.00144'],
    ['response-stream', 'gpt-4.1-mini', mini, 'reported', '0.00144'],
    ['message', 'claude-haiku-4-5', haiku, 'reported', '0.0019'],
    ['message-stream', 'claude-haiku-4-5', haiku, 'reported', '0.0019'],
    ['refused', 'gpt-4o-mini', {}, 'absent', '0'],
    ['', 'gpt-4.1', { input: 100, output: 50 }, 'reported', '0.0006'],
  ]);
  expect(comparable(esm.entries)).toEqual(comparable(cjs.entries));
  expect(esm.requests.map(({ path, body }) => ({ path, body }))).toEqual(
    cjs.requests.map(({ path, body }) => ({ path, body })),
  );
  const sent = JSON.stringify([...cjs.requests, ...esm.requests]);
  expect(sent).not.toContain('blue-harbor');
  expect(sent).not.toMatch(/"(baggage|traceparent)"/);
});

/** Without what must differ: ids and times, and the service's name. */
function comparable(entries: readonly LedgerEntry[]): readonly unknown[] {
  const own = new Set(['trace_id', 'span_id', 'start', 'duration_ms', 'service']);
  return entries.map((entry) => Object.fromEntries(Object.entries(entry).filter(([name]) => !own.has(name))));
}
