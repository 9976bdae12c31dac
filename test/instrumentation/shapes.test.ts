import { beforeAll, describe, expect, test } from 'vitest';
import { clientsDoc, type Column } from './clients-doc.ts';
import { appFile, byTask, preload, runApp, type Ran } from './run-app.ts';

/** What is expected of a shape where it is not one reported, successful call in one attempt. */
interface Expected {
  readonly spans?: number;
  readonly state?: string;
  readonly estimated?: readonly string[];
  readonly attempts?: number;
  readonly error?: string;
  readonly status?: number;
}
const left: Expected = { state: 'incomplete', estimated: ['input'] };
const leftEarly: Expected = { state: 'incomplete', estimated: ['input', 'output'] };

const openaiExpected: Readonly<Record<string, Expected>> = {
  promise: left,
  neverAwaited: left,
  streamBreak: leftEarly,
  streamAbort: leftEarly,
  streamHelperBreak: leftEarly,
  streamHelperAbort: leftEarly,
  streamThrow: left,
  streamIterator: left,
  streamNeverRead: left,
  streamResponseReader: left,
  streamRefused: { state: 'absent', error: 'invalid_request_error', status: 400 },
  streamCut: { ...leftEarly, error: 'TypeError' },
  // The provider ended it: this is the whole answer, whose usage was never told.
  streamErrorEvent: { ...leftEarly, state: 'estimated', error: 'server_error' },
  retry: { attempts: 3 },
  retryStream: { attempts: 2 },
  noRetriesLeft: { state: 'absent', attempts: 2, error: 'server_error', status: 500 },
  refused: { state: 'absent', error: 'invalid_api_key', status: 401 },
  abortBefore: { state: 'absent', error: 'APIUserAbortError' },
  timeout: { state: 'absent', error: 'APIConnectionTimeoutError' },
  models: { spans: 0 },
  concurrent: { spans: 3 },
};
const anthropicExpected: Readonly<Record<string, Expected>> = {
  promise: left,
  neverAwaited: left,
  streamBreak: { state: 'incomplete', estimated: ['output'] },
  streamAbort: { state: 'incomplete', estimated: ['output'] },
  streamHelperBreak: { state: 'incomplete', estimated: ['output'] },
  streamHelperAbort: { state: 'incomplete', estimated: ['output'] },
  // The placeholder of the start is more than what the application let come.
  streamThrow: { state: 'incomplete' },
  streamNeverRead: left,
  streamCut: { state: 'incomplete', estimated: ['output'], error: 'TypeError' },
  streamErrorEvent: { state: 'incomplete', estimated: ['output'], error: 'overloaded_error' },
  retry: { attempts: 3 },
  noRetriesLeft: { state: 'absent', attempts: 2, error: 'overloaded_error', status: 529 },
  refused: { state: 'absent', error: 'invalid_request_error', status: 400 },
  abortBefore: { state: 'absent', error: 'APIUserAbortError' },
  models: { spans: 0 },
};

const columns: Column[] = [];
const tried = new Map<Column, readonly string[]>();

const runs = [
  ['openai', 'esm', openaiExpected],
  ['openai6', 'cjs', openaiExpected],
  ['anthropic', 'esm', anthropicExpected],
  ['anthropic', 'cjs', anthropicExpected],
] as const;

describe.each(runs)('%s, %s: every way to hold a call', (library, load, table) => {
  let plain: Ran;
  let recorded: Ran;

  beforeAll(async () => {
    const run = { app: appFile('shapes.mjs'), args: [library, load] };
    plain = await runApp({ ...run, flags: ['--expose-gc'] });
    recorded = await runApp({ ...run, flags: ['--expose-gc', '--require', preload] });
    const column = {
      library: library === 'anthropic' ? '@anthropic-ai/sdk' : library,
      load,
      shapes: byTask(recorded.spans),
    };
    columns.push(column);
    tried.set(column, Object.keys(JSON.parse(plain.stdout) as object));
  });

  test('the application sees the same', () => {
    expect(recorded.code).toBe(0);
    const seen = JSON.parse(recorded.stdout) as Readonly<Record<string, unknown>>;
    for (const [shape, result] of Object.entries(JSON.parse(plain.stdout) as Readonly<Record<string, unknown>>))
      expect(seen[shape], shape).toEqual(result);
    expect(Object.keys(seen)).toEqual(Object.keys(JSON.parse(plain.stdout) as object));
  });

  test('each call is one span', () => {
    const spans = byTask(recorded.spans);
    for (const shape of Object.keys(JSON.parse(plain.stdout) as object)) {
      const { spans: count = 1, state = 'reported', attempts = 1, ...expected } = table[shape] ?? {};
      const found = spans.get(shape) ?? [];
      expect(found.length, shape).toBe(count);
      for (const { attributes, status, kind } of found) {
        const figures = {
          state: attributes['spanledger.usage.state'],
          estimated: attributes['spanledger.usage.estimated'],
          attempts: attributes['spanledger.attempts'],
          error: attributes['error.type'],
          status: attributes['http.response.status_code'],
          code: status.code,
          kind,
        };
        const code = expected.error === undefined ? 0 : 2;
        expect(figures, shape).toEqual({
          estimated: undefined,
          error: undefined,
          status: undefined,
          ...expected,
          state,
          attempts,
          code,
          kind: 3,
        });
        if (state === 'absent') expect(attributes).not.toHaveProperty('gen_ai.usage.input_tokens');
        else expect(attributes['gen_ai.usage.input_tokens'], shape).toBeGreaterThan(0);
      }
    }
    expect(recorded.spans.length).toBe([...spans.values()].flat().length);
  });

  test('what the application leaves is cancelled at the provider', () => {
    const slow = recorded.requests.filter(({ headers }) => String(headers['x-simulate']).includes('chunkDelayMs'));
    expect(slow.length).toBeGreaterThan(1);
    expect(slow.map(({ outcome }) => outcome)).toEqual(slow.map(() => 'cancelled'));
  });
});

test('the same calls from an ES module and from CommonJS are the same spans', async () => {
  const runs = await Promise.all(['app.mjs', 'app.cjs'].map((app) => runApp({ app: appFile(app) })));
  const spans = runs.map((run) =>
    run.spans.map(({ name, attributes, status, resource }) => ({
      name,
      attributes: { ...attributes, 'server.port': 0 },
      status,
      resource,
    })),
  );
  expect(spans[0]).toEqual(spans[1]);
  expect(spans[0]).toHaveLength(6);
  expect(spans[0]?.map(({ name }) => name)).toEqual([
    'chat gpt-4o',
    'chat gpt-4o',
    'chat gpt-4o',
    'embeddings text-embedding-3-small',
    'chat claude-sonnet-4-6',
    'chat claude-sonnet-4-6',
  ]);
});

test('what a span says, complete', async () => {
  const { spans } = await runApp({
    app: appFile('app.mjs'),
    env: { OTEL_SERVICE_NAME: 'shop', SPANLEDGER_TAGS: 'team=search' },
  });
  const { attributes, resource, scope } = spans[4] as (typeof spans)[number];
  const { 'server.port': port, 'spanledger.usage.raw': raw, ...rest } = attributes;
  expect(port).toBeGreaterThan(0);
  expect(JSON.parse(raw as string)).toMatchObject({ input_tokens: 1000, cache_read_input_tokens: 20_000 });
  expect(rest).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.request.model': 'claude-sonnet-4-6',
    'gen_ai.request.max_tokens': 600,
    'gen_ai.response.model': 'claude-sonnet-4-6',
    'gen_ai.response.id': 'msg_000000000000000000000005',
    'gen_ai.response.finish_reasons': ['end_turn'],
    'gen_ai.usage.input_tokens': 25_000,
    'gen_ai.usage.output_tokens': 500,
    'gen_ai.usage.cache_read.input_tokens': 20_000,
    'gen_ai.usage.cache_write.input_tokens': 4000,
    'gen_ai.usage.cache_creation.input_tokens': 4000,
    'gen_ai.usage.reasoning.output_tokens': 40,
    'spanledger.usage.cache_write_5m': 3000,
    'spanledger.usage.cache_write_1h': 1000,
    'spanledger.usage.web_search': 2,
    'spanledger.usage.state': 'reported',
    'spanledger.service_tier': 'standard',
    'spanledger.attempts': 1,
    'spanledger.team': 'search',
    'server.address': '127.0.0.1',
  });
  expect(resource).toEqual({
    'service.name': 'shop',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.version': expect.any(String) as string,
  });
  expect(scope).toEqual({ name: 'spanledger', version: '0.1.0' });
});

test('docs/clients.md says what became of every shape (vitest -u writes it)', async () => {
  expect(columns).toHaveLength(runs.length);
  await expect(clientsDoc(columns, tried)).toMatchFileSnapshot('../../docs/clients.md');
});
