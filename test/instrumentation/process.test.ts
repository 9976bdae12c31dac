import { createServer, type AddressInfo } from 'node:net';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startSink } from '../support/sink.ts';
import { appFile, preload, runApp } from './run-app.ts';

const folder = mkdtempSync(join(tmpdir(), 'spanledger-process-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what is said on stderr', () => {
  test('one line for each library that is patched', async () => {
    const { stderr } = await runApp({
      app: appFile('app.mjs'),
      endpoint: 'http://user:secret@127.0.0.1:1/?key=secret',
    });
    expect(stderr.split('\n').filter((line) => line.includes('patched'))).toEqual([
      'spanledger: @anthropic-ai/sdk 1.14.0 patched → http://127.0.0.1:1',
      'spanledger: openai 7.57.0 patched → http://127.0.0.1:1',
    ]);
    expect(stderr).not.toContain('secret');
  });

  test('nothing, when asked', async () => {
    const { stderr } = await runApp({
      app: appFile('app.mjs'),
      env: { SPANLEDGER_LOG: 'off' },
      endpoint: 'http://127.0.0.1:1',
    });
    expect(stderr).toBe('');
  });

  test.each(['cjs', 'mjs'])('a major that is not known is named and left alone (%s)', async (kind) => {
    const installed = join(folder, kind, 'node_modules/openai');
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, 'package.json'), '{"name":"openai","version":"99.0.0","main":"index.js"}');
    writeFileSync(join(installed, 'index.js'), 'exports.OpenAI = require("./client.js").OpenAI');
    writeFileSync(join(installed, 'client.js'), 'exports.OpenAI = class OpenAI { makeRequest() { return 5 } }');
    const load = kind === 'cjs' ? 'const { OpenAI } = require("openai");' : 'import { OpenAI } from "openai";';
    writeFileSync(join(folder, kind, `app.${kind}`), `${load} console.log(new OpenAI().makeRequest())`);
    const { stdout, stderr } = await runApp({ app: join(folder, kind, `app.${kind}`) });
    expect(stdout.trim()).toBe('5');
    expect(stderr).toBe('spanledger: openai 99.0.0 is not supported (4–7), not patched\n');
  });

  test('a library that is not shaped as expected is named and left alone', async () => {
    const installed = join(folder, 'odd/node_modules/openai');
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, 'package.json'), '{"name":"openai","version":"7.99.0","main":"client.js"}');
    writeFileSync(join(installed, 'client.js'), 'exports.OpenAI = class OpenAI { doRequest() { return 5 } }');
    writeFileSync(join(folder, 'odd/app.cjs'), 'console.log(new (require("openai").OpenAI)().doRequest())');
    const { stdout, stderr } = await runApp({ app: join(folder, 'odd/app.cjs') });
    expect(stdout.trim()).toBe('5');
    expect(stderr).toBe('spanledger: openai 7.99.0 is not as expected (client), not patched\n');
  });

  test('without @opentelemetry/api: one line, and the application runs', () => {
    const lonely = join(folder, 'lonely');
    cpSync(join(import.meta.dirname, '../../instrumentation'), join(lonely, 'instrumentation'), { recursive: true });
    mkdirSync(join(lonely, 'pricing'));
    symlinkSync(join(import.meta.dirname, '../../pricing/usage'), join(lonely, 'pricing/usage'));
    writeFileSync(join(lonely, 'package.json'), '{"type":"module"}');
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--no-warnings', '--require', join(lonely, 'instrumentation/preload.cjs'), '-e', 'console.log("running")'],
      { encoding: 'utf8' },
    );
    expect([status, stdout.trim()]).toEqual([0, 'running']);
    expect(stderr).toMatch(/^spanledger: @opentelemetry\/api is not installed.*\n$/);
  });

  test('under a Node that is too old: one line, and the application runs', () => {
    const old = join(folder, 'old.cjs');
    writeFileSync(
      old,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.9.0' } })",
    );
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--require', old, '--require', preload, '-e', 'console.log("running")'],
      { encoding: 'utf8' },
    );
    expect([status, stdout.trim()]).toEqual([0, 'running']);
    expect(stderr).toBe('spanledger: Node 20.9.0 is too old, 22.18 or later is needed; nothing is recorded\n');
  });
});

describe('a processor that is not there', () => {
  const calls = { app: appFile('many.mjs') };

  test('refusing the connection: the calls go on, one warning', async () => {
    const { code, stdout, stderr } = await runApp({ ...calls, endpoint: 'http://127.0.0.1:1' });
    expect([code, stdout.trim()]).toEqual([0, '20 answers']);
    expect(stderr.match(/cannot deliver/g)).toHaveLength(1);
  });

  test('never answering: the calls go on, and the end of the process is not held up', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const started = performance.now();
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stdout } = await runApp({ ...calls, endpoint });
    expect([code, stdout.trim()]).toEqual([0, '20 answers']);
    expect(performance.now() - started).toBeLessThan(9000);
    server.close();
  });

  test.each([400, 401, 413, 503])('answering %i: the calls go on, one warning', async (status) => {
    const sink = await startSink({ answer: () => ({ status }) });
    const { code, stdout, stderr } = await runApp({ ...calls, endpoint: sink.url });
    await sink.stop();
    expect([code, stdout.trim()]).toEqual([0, '20 answers']);
    expect(stderr.match(/cannot deliver/g)).toHaveLength(1);
  });
});

// The whole table is test/interop/exit.test.ts.
describe('the end of the process', () => {
  test.each([
    ['it ends by itself', 'end', {}, { code: 0, signal: null, spans: 1 }],
    ['SIGTERM, nobody else listens', 'SIGTERM', {}, { code: null, signal: 'SIGTERM', spans: 2 }],
    ['process.exit()', 'exit', {}, { code: 3, signal: null, spans: 0 }],
    ['process.exit(), with the last gasp', 'exit', { SPANLEDGER_LAST_GASP: 'on' }, { code: 3, signal: null, spans: 1 }],
  ])('%s', async (_name, how, env, expected) => {
    const { code, signal, spans } = await runApp({
      app: appFile('end.mjs'),
      args: [how],
      env,
    });
    expect({ code, signal, spans: spans.length }).toEqual(expected);
  });
});

describe('asking a chat stream for its usage', () => {
  test('a server that refuses the question is asked without it, once', async () => {
    const { stdout, spans, requests } = await runApp({
      app: appFile('refusing.mjs'),
      script: [{ status: 400, message: 'Unrecognized request argument supplied: stream_options' }],
    });
    expect(JSON.parse(stdout)).toEqual(['chunks', 'chunks']);
    expect(requests.map(({ status, body }) => [status, body?.['stream_options']])).toEqual([
      [400, { include_usage: true }],
      [200, undefined],
      [200, undefined],
    ]);
    expect(spans.map(({ attributes }) => attributes['spanledger.attempts'])).toEqual([2, 1]);
    expect(spans.map(({ attributes }) => attributes['spanledger.usage.state'])).toEqual(['estimated', 'estimated']);
  });

  test('can be switched off', async () => {
    const { requests, spans } = await runApp({ app: appFile('app.mjs'), env: { SPANLEDGER_STREAM_USAGE: 'off' } });
    expect(requests.filter(({ body }) => body?.['stream_options'] !== undefined)).toEqual([]);
    const estimated = spans.find(({ attributes }) => attributes['spanledger.usage.state'] === 'estimated');
    expect(estimated?.attributes).toMatchObject({
      'spanledger.usage.state': 'estimated',
      'spanledger.usage.estimated': ['input', 'output'],
    });
  });
});

test('a worker thread records too', async () => {
  const { spans, stderr } = await runApp({ app: appFile('worker.mjs') });
  expect(spans.map(({ name }) => name)).toEqual(['chat gpt-4o']);
  expect(stderr).toBe('');
});

test('a response made in the background is one call, whenever its answer is fetched', async () => {
  const { stdout, spans } = await runApp({
    app: appFile('background.mjs'),
    flags: ['--expose-gc', '--require', preload],
  });
  expect(JSON.parse(stdout)).toEqual(['queued', 'in_progress', 'APIConnectionError', 'completed', 'completed']);
  expect(
    spans.map(({ attributes, status }) => [
      attributes['spanledger.usage.state'],
      attributes['gen_ai.usage.input_tokens'],
      attributes['spanledger.attempts'],
      status.code,
    ]),
  ).toEqual([['reported', 9, 1, 0]]);
});

test('attempts of a library that sends with fetch are one call', async () => {
  const { stdout, spans } = await runApp({ app: appFile('logical.mjs') });
  expect(stdout).toBe('gave up on 503\nfetch failed\n');
  const figures = spans.map(({ attributes }) => [
    attributes['gen_ai.provider.name'],
    attributes['spanledger.usage.state'],
    attributes['spanledger.attempts'],
    attributes['error.type'],
  ]);
  expect(figures).toEqual([
    ['mistral_ai', 'reported', 2, undefined],
    ['mistral_ai', 'absent', 2, '503'],
    ['mistral_ai', 'absent', 1, 'TypeError'],
  ]);
});

describe('calls and outcomes recorded by hand', () => {
  test('are spans like any other, with the tags in force', async () => {
    const { stdout, spans } = await runApp({ app: appFile('by-hand.mjs') });
    expect(JSON.parse(stdout)).toEqual([true, true, true, true, true]);
    const [batch, invalid, success, failure] = spans;
    expect(batch?.attributes).toEqual({
      'spanledger.customer_id': 'acme',
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.id': 'r1',
      'gen_ai.usage.input_tokens': 1350,
      'gen_ai.usage.output_tokens': 340,
      'gen_ai.usage.cache_read.input_tokens': 250,
      'gen_ai.usage.cache_write.input_tokens': 100,
      'gen_ai.usage.cache_creation.input_tokens': 100,
      'gen_ai.usage.reasoning.output_tokens': 40,
      'spanledger.usage.cache_write_1h': 100,
      'spanledger.usage.web_search': 2,
      'spanledger.usage.state': 'reported',
      'spanledger.service_tier': 'batch',
      'spanledger.attempts': 1,
    });
    expect(batch?.start).toBe(BigInt(Date.parse('2026-11-01T00:00:00Z')) * 1_000_000n);
    expect((batch?.end ?? 0n) - (batch?.start ?? 0n)).toBe(1_500_000_000n);
    expect(invalid?.attributes).toMatchObject({
      'spanledger.usage.state': 'absent',
      'spanledger.usage.invalid': 'input is negative (-1)',
    });
    expect(success).toMatchObject({
      name: 'spanledger.task.outcome',
      attributes: {
        'spanledger.task_type': 'summary',
        'spanledger.outcome': 'success',
        'spanledger.outcome.value': 2.5,
      },
    });
    expect(failure?.attributes).toEqual({
      'spanledger.task_type': 'summary',
      'spanledger.task_id': 't2',
      'spanledger.outcome': 'failure',
    });
  });

  test('without the preload they do no harm', async () => {
    const { code, stdout, spans } = await runApp({ app: appFile('by-hand.mjs'), flags: [] });
    expect([code, JSON.parse(stdout), spans]).toEqual([0, [false, false, true, false, false], []]);
  });
});
