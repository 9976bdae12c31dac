import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProvider } from '../support/provider.ts';
import { startSink, type SinkSpan } from '../support/sink.ts';
import { installPacked } from './support/packed.ts';

/** `spanledger/instrumentation/sdk` as a user gets it: the packed tarball and an application without any tracing. */
const folder = mkdtempSync(join(tmpdir(), 'spanledger-sdk-'));
const packages = ['openai@7.57.0', '@anthropic-ai/sdk@1.14.0', 'express@5.3.0', '@opentelemetry/api@1.10.0'];
beforeAll(() => installPacked(folder, packages));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const app = (imports: string): string => `${imports}
const openai = new OpenAI({ apiKey: 'test', baseURL: process.env.PROVIDER + '/v1' });
const anthropic = new Anthropic({ apiKey: 'test', baseURL: process.env.PROVIDER });
const messages = [{ role: 'user', content: 'Tell me of the sea' }];
const app = express();
app.use(tagRequests({ customer_id: 'acme' }));
app.get('/books/:isbn/summary', async (request, response) => {
  await openai.chat.completions.create({ model: 'gpt-4o', messages });
  await anthropic.messages.create({ model: 'claude-sonnet-4-6', max_tokens: 600, messages });
  response.json({});
});
const server = app.listen(0, '127.0.0.1', () => {
  request({ port: server.address().port, path: '/books/3/summary' }, (response) => {
    response.resume();
    server.close();
  }).end();
});
`;
const apps = {
  'app.cjs': app(`const { OpenAI } = require('openai'); const { Anthropic } = require('@anthropic-ai/sdk');
    const express = require('express'); const { request } = require('node:http'); const { tagRequests } = require('spanledger');`),
  'app.mjs': app(`import OpenAI from 'openai'; import Anthropic from '@anthropic-ai/sdk'; import express from 'express';
    import { request } from 'node:http'; import { tagRequests } from 'spanledger';`),
};

async function run(flag: string, file: string, env: Readonly<Record<string, string>> = {}) {
  const [provider, sink] = [await startProvider(), await startSink()];
  const child = spawn(process.execPath, [flag, 'spanledger/instrumentation/sdk', file], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PROVIDER: provider.url, OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  await Promise.all([provider.stop(), sink.stop()]);
  return { code, said, spans: sink.spans };
}

function chain(span: SinkSpan, spans: readonly SinkSpan[]): readonly string[] {
  const above = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [span.name, ...(above === undefined ? [] : chain(above, spans))];
}

describe('the packed tarball', () => {
  test.each([
    ['--require', 'app.cjs'],
    ['--require', 'app.mjs'],
    ['--import', 'app.cjs'],
    ['--import', 'app.mjs'],
  ] as const)('%s, %s: the model calls stand under the route, under the request', async (flag, file) => {
    writeFileSync(join(folder, file), apps[file]);
    const { code, said, spans } = await run(flag, file);
    expect(code, said).toBe(0);
    const calls = spans.filter(({ scope }) => scope.name === 'spanledger');
    expect(calls.map((span) => chain(span, spans))).toEqual([
      ['chat gpt-4o', 'request handler', 'GET /books/:isbn/summary', 'GET'],
      ['chat claude-sonnet-4-6', 'request handler', 'GET /books/:isbn/summary', 'GET'],
    ]);
    expect(new Set(calls.map(({ attributes }) => attributes['spanledger.customer_id']))).toEqual(new Set(['acme']));
    expect(spans.map(({ name }) => name)).not.toContain('anthropic.messages.create');
  });

  test("the user's word on Anthropic's own spans counts", async () => {
    writeFileSync(join(folder, 'app.cjs'), apps['app.cjs']);
    const { spans } = await run('--require', 'app.cjs', { ANTHROPIC_OPEN_TELEMETRY: 'true' });
    expect(spans.map(({ name }) => name)).toContain('anthropic.messages.create');
  });

  test.each(['console', 'zipkin,console'])(
    'OTEL_TRACES_EXPORTER=%s is obeyed; calls go where they went',
    async (traces) => {
      writeFileSync(join(folder, 'app.cjs'), apps['app.cjs']);
      const env = { OTEL_TRACES_EXPORTER: traces, OTEL_METRICS_EXPORTER: 'console', OTEL_LOGS_EXPORTER: 'otlp' };
      const { code, spans } = await run('--require', 'app.cjs', env);
      expect(code).toBe(0);
      expect(spans.map(({ name }) => name)).toEqual(['chat gpt-4o', 'chat claude-sonnet-4-6']);
    },
  );
});
