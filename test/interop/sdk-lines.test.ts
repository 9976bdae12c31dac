import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startProvider } from '../support/provider.ts';
import { startSink, type SinkSpan } from '../support/sink.ts';

/** The class in an application's own NodeSDK, of both lines that people run, beside every instrumentation that there is. */
const root = join(import.meta.dirname, '../..');
const common = ['openai@7.57.0', '@anthropic-ai/sdk@1.14.0'];
const lines = {
  '0.2xx': [
    '@opentelemetry/sdk-node@0.222.0',
    '@opentelemetry/auto-instrumentations-node@0.80.0',
    '@opentelemetry/api@1.9.0',
  ],
  '0.30x': [
    '@opentelemetry/sdk-node@0.301.0',
    '@opentelemetry/auto-instrumentations-node@0.82.0',
    '@opentelemetry/api@1.10.0',
  ],
};

/** Installed once, under the system's temporary folder; undefined where npm cannot. */
function install(packages: readonly string[]): string | undefined {
  const folder = join(tmpdir(), `spanledger-line-${packages.map((name) => name.replace(/.*@/, '')).join('-')}`);
  if (!existsSync(folder)) {
    const aside = `${folder}.${process.pid}`;
    mkdirSync(aside);
    writeFileSync(join(aside, 'package.json'), '{"private":true}');
    try {
      execFileSync('npm', ['install', '--no-fund', '--no-audit', ...packages], { cwd: aside, stdio: 'pipe' });
    } catch (error) {
      rmSync(aside, { recursive: true, force: true });
      console.error(`skipped, npm cannot install ${packages.join(' ')}: ${String(error).slice(0, 200)}`);
      return undefined;
    }
    renameSync(aside, folder);
  }
  const ours = join(folder, 'node_modules/spanledger');
  rmSync(ours, { recursive: true, force: true });
  cpSync(join(root, 'dist'), join(ours, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(ours, 'package.json'));
  writeFileSync(join(folder, 'setup.cjs'), setup);
  writeFileSync(
    join(folder, 'app.cjs'),
    app(`const { OpenAI } = require('openai'); const { Anthropic } = require('@anthropic-ai/sdk');
    const { createServer, get } = require('node:http'); const { withTags } = require('spanledger');`),
  );
  writeFileSync(
    join(folder, 'app.mjs'),
    app(`import OpenAI from 'openai'; import Anthropic from '@anthropic-ai/sdk';
    import { createServer, get } from 'node:http'; import { withTags } from 'spanledger';`),
  );
  return folder;
}

const setup = `
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { getNodeAutoInstrumentations } = require('@opentelemetry/auto-instrumentations-node');
const { GenAIInstrumentation } = require('spanledger');
const make = [() => getNodeAutoInstrumentations(), () => new GenAIInstrumentation()];
if (process.env.ORDER === 'ours first') make.reverse();
globalThis.sdk = new NodeSDK({ serviceName: 'shop', instrumentations: make.map((one) => one()) });
globalThis.sdk.start();
`;
const app = (imports: string): string => `${imports}
const openai = new OpenAI({ apiKey: 'test', baseURL: process.env.PROVIDER + '/v1' });
const anthropic = new Anthropic({ apiKey: 'test', baseURL: process.env.PROVIDER, openTelemetry: false });
const messages = [{ role: 'user', content: 'Tell me of the sea' }];
const server = createServer((request, response) => {
  withTags({ customer_id: 'acme' }, async () => {
    await openai.chat.completions.create({ model: 'gpt-4o', messages });
    for await (const _ of await anthropic.messages.create({ model: 'claude-sonnet-4-6', max_tokens: 600, messages, stream: true }));
    response.end('{}');
  });
});
server.listen(0, '127.0.0.1', () => {
  get({ port: server.address().port }, async (response) => {
    response.resume();
    await new Promise((resolve) => response.on('end', resolve));
    server.close();
    await globalThis.sdk.shutdown();
  });
});
`;

function chain(span: SinkSpan, spans: readonly SinkSpan[]): readonly string[] {
  const above = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [span.scope.name, ...(above === undefined ? [] : chain(above, spans))];
}

for (const [line, packages] of Object.entries(lines)) {
  const folder = install([...packages, ...common]);
  describe.skipIf(folder === undefined)(
    `SDK ${line}${folder === undefined ? ' (skipped: npm cannot install it)' : ''}`,
    () => {
      test.each([
        ['ours first', 'app.cjs', []],
        ['ours last', 'app.cjs', []],
        ['ours first', 'app.mjs', []],
        ['ours last', 'app.mjs', []],
        // The preload beside it, before and after: calls go to one place.
        ['ours last', 'app.cjs', ['spanledger/instrumentation', './setup.cjs']],
        ['ours last', 'app.mjs', ['./setup.cjs', 'spanledger/instrumentation']],
      ])('%s, %s, preloads %j: each call is one span of the application', async (order, file, preloads) => {
        const [provider, sink] = [await startProvider(), await startSink()];
        const files = preloads.length === 0 ? ['./setup.cjs'] : preloads;
        const child = spawn(process.execPath, [...files.flatMap((name) => ['--require', name]), file], {
          cwd: folder,
          env: {
            PATH: process.env['PATH'],
            PROVIDER: provider.url,
            ORDER: order,
            OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
            OTEL_METRICS_EXPORTER: 'none',
            OTEL_LOGS_EXPORTER: 'none',
          },
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        let said = '';
        child.stderr.on('data', (text: Buffer) => (said += text.toString()));
        const [code] = (await once(child, 'close')) as [number | null];
        await Promise.all([provider.stop(), sink.stop()]);
        expect(code, said).toBe(0);
        const calls = sink.spans.filter(({ scope }) => scope.name === 'spanledger');
        expect(calls.map(({ name }) => name)).toEqual(['chat gpt-4o', 'chat claude-sonnet-4-6']);
        for (const { attributes, resource } of calls) {
          expect(attributes).toMatchObject({ 'spanledger.customer_id': 'acme', 'spanledger.usage.state': 'reported' });
          expect(resource['service.name']).toBe('shop');
        }
        // Nobody else says anything of the same calls.
        const others = sink.spans.filter((span) => !calls.includes(span));
        expect(others.filter(({ attributes }) => 'gen_ai.usage.input_tokens' in attributes)).toEqual([]);
        // Node's own modules are only instrumented for imports by a loader that the application adds.
        const http = '@opentelemetry/instrumentation-http';
        if (file === 'app.cjs')
          for (const call of calls) expect(chain(call, sink.spans)).toEqual(['spanledger', http, http]);
        expect(provider.requests.map(({ headers }) => headers['baggage'])).toEqual([undefined, undefined]);
      });
    },
  );
}
