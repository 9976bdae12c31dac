import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProvider } from '../support/provider.ts';
import { startSink, type SinkSpan } from '../support/sink.ts';

/** Client libraries that the repository does not install for itself, from npm in a folder of their own. */
const packages = [
  'replicate@1.4.0',
  '@huggingface/inference@4.13.30',
  'ai@7.0.173',
  '@ai-sdk/openai@4.0.118',
  'ai6@npm:ai@6.0.325',
  'ai6-openai@npm:@ai-sdk/openai@3.0.141',
  '@anthropic-ai/claude-agent-sdk@0.3.332',
  '@anthropic-ai/sdk@1.14.0',
  '@modelcontextprotocol/sdk@1',
  '@modelcontextprotocol/client@2',
  '@langchain/openai@1.6.0',
  '@langchain/core@1',
  '@openai/agents@0.20.0',
  '@azure/openai@2.0.0',
  'openai@7.57.0',
  '@google/genai@3.1.0',
  '@mistralai/mistralai@2.7.0',
  'groq-sdk@1.6.0',
  'together-ai@0.52.0',
  'ws@8.23.0',
  'zod@4',
  '@opentelemetry/api@1.10.0',
];
const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'spanledger-clients-'));

beforeAll(() => {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const flags = ['--no-fund', '--no-audit', '--ignore-scripts', '--omit=optional', '--legacy-peer-deps'];
  execFileSync('npm', ['install', ...flags, ...packages], { cwd: folder, stdio: 'pipe' });
  cpSync(join(import.meta.dirname, 'clients'), folder, { recursive: true });
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly results: Readonly<Record<string, unknown>>;
  readonly spans: ReadonlyMap<string, readonly SinkSpan[]>;
  readonly said: string;
}

async function run(app: string, ...args: string[]): Promise<Ran> {
  const provider = await startProvider();
  const sink = await startSink();
  try {
    const preload = join(root, 'dist/instrumentation/preload.cjs');
    const child = spawn(process.execPath, ['--no-warnings', '--require', preload, app, ...args], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        PROVIDER: provider.url,
        SPANLEDGER: join(root, 'dist/instrumentation/index.js'),
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, said] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code, said).toBe(0);
    const spans = Map.groupBy(sink.spans, ({ attributes }) => attributes['spanledger.task_id'] as string);
    return { results: JSON.parse(stdout) as Record<string, unknown>, spans, said };
  } finally {
    await provider.stop();
    await sink.stop();
  }
}

/** Provider, operation, state, input, output; and what else there is of `more`. */
function figures({ attributes }: SinkSpan, ...more: readonly string[]): readonly unknown[] {
  const names = [
    'gen_ai.provider.name',
    'gen_ai.operation.name',
    'spanledger.usage.state',
    'gen_ai.usage.input_tokens',
    'gen_ai.usage.output_tokens',
    ...more,
  ];
  return names.map((name) => attributes[name]);
}
const table = ({ spans }: Ran, ...more: string[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries([...spans].map(([task, found]) => [task, found.map((span) => figures(span, ...more))]));

const chat = ['openai', 'chat', 'reported', 12, 60];
const responses = ['openai', 'chat', 'reported', expect.any(Number), 60];
const embeddings = ['openai', 'embeddings', 'reported', 5, 0];

describe('the AI SDK', () => {
  const seen = {
    chat: [chat],
    responses: [responses],
    stream: [chat],
    streamResponses: [responses],
    embed: [embeddings],
    embedMany: [embeddings],
    refused: [['openai', 'chat', 'absent', undefined, undefined]],
  };

  test('7: what fetch shows is recorded from there, what it does not from the tracing channel; all once', async () => {
    const unseen = Object.fromEntries(Object.entries(seen).map(([name, spans]) => [`unseen-${name}`, spans]));
    expect(table(await run('ai.mjs', 'ai'))).toEqual({ ...seen, ...unseen });
  });

  test('6: what its providers fetch', async () => {
    expect(table(await run('ai.mjs', 'ai6'))).toEqual(seen);
  });
});

test('frameworks on top of the openai client: each call once', async () => {
  const ran = await run('frameworks.mjs');
  const azure = ['azure.ai.openai', 'chat', 'reported', expect.any(Number), 60];
  const once = ['openai', 'chat', 'reported', expect.any(Number), 60];
  expect(table(ran)).toEqual({
    langchain: [once],
    langchainStream: [once],
    langchainResponses: [once],
    langchainBatch: [once, once],
    langchainEmbeddings: [['openai', 'embeddings', 'reported', expect.any(Number), 0]],
    langchainAzure: [azure],
    agents: [once],
    agentsStream: [once],
    azure: [azure],
  });
  expect(Object.values(ran.results).filter((result) => typeof result === 'string')).toEqual([]);
});

test('@huggingface/inference: what its host counts, else an estimate that says so', async () => {
  const { spans, ...ran } = await run('huggingface.mjs');
  const reported = ['huggingface', 'chat', 'reported', 12, 60];
  expect(table({ spans, ...ran })).toEqual({
    chat: [reported],
    stream: [reported],
    streamUnasked: [['huggingface', 'chat', 'estimated', 5, expect.any(Number)]],
  });
});

test('replicate: by tokens, by time, whenever the prediction is fetched', async () => {
  const ran = await run('replicate.mjs');
  const more = ['spanledger.usage.gpu_second', 'spanledger.attempts', 'error.type'];
  const head = ['replicate', 'generate_content', 'reported'];
  const text = (attempts: number): readonly unknown[] => [...head, 12, 60, undefined, attempts, undefined];
  const time = (seconds: number, error?: string): readonly unknown[] => [
    ...head,
    undefined,
    undefined,
    seconds,
    1,
    error,
  ];
  expect(table(ran, ...more)).toEqual({
    waited: [text(1)],
    refusedOnce: [text(2)],
    polled: [time(12)],
    failed: [time(12, 'failed')],
    cancelled: [time(2)],
  });
});

test('results of batches, and Gemini Live, by libraries with ways of their own', async () => {
  const ran = await run('batches.mjs');
  const call = (provider: string, operation: string, tier: unknown): readonly unknown[] => [
    [provider, operation, 'reported', 9, 3, tier],
  ];
  expect(table(ran, 'spanledger.service_tier')).toEqual({
    mistral: call('mistral_ai', 'chat', 'batch'),
    groq: call('groq', 'chat', 'batch'),
    together: call('together_ai', 'chat', 'batch'),
    gemini: call('gcp.gemini', 'generate_content', 'batch'),
    geminiInline: call('gcp.gemini', 'generate_content', 'batch'),
    live: call('gcp.gemini', 'generate_content', undefined),
  });
  expect(ran.results).toMatchObject({ geminiInline: 1, live: 3 });
});

test('the Claude Agent SDK: totals that run on are not added up', async () => {
  const ran = await run('claude-agent.mjs');
  const more = ['gen_ai.request.model', 'spanledger.usage.cache_write_1h', 'spanledger.usage.web_search'];
  const turn = ['anthropic', 'chat', 'reported', 130, 7];
  const sonnet = (searches?: number): readonly unknown[] => [...turn, 'claude-sonnet-4-5', 5, searches];
  const haiku = [...turn, 'claude-haiku-4-5', 5, undefined];
  expect(table(ran, ...more)).toEqual({
    one: [sonnet()],
    two: [sonnet(), sonnet(1), haiku],
    noResult: [['anthropic', 'chat', 'estimated', 130, 1, 'claude-sonnet-4-5', undefined, undefined]],
  });
  expect(ran.results['two']).toEqual(['assistant', 'result', 'assistant', 'result']);
});
