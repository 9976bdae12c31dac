import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSink, type SinkSpan } from '../support/sink.ts';
import { appFile, runApp } from './run-app.ts';

const preload = join(import.meta.dirname, '../../dist/instrumentation/sdk-preload.cjs');
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}, flags = ['--require', preload]) =>
  runApp({ app: appFile('server.mjs'), args, flags, env: { OTEL_SERVICE_NAME: 'books', ...env } });

/** The names of a span and of everything above it. */
function chain(span: SinkSpan, spans: readonly SinkSpan[]): readonly string[] {
  const above = spans.find(({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId);
  return [span.name, ...(above === undefined ? [] : chain(above, spans))];
}

const above = ['request handler', 'GET /books/:isbn/summary', 'GET'];
const calls = [
  ['chat gpt-4o', ...above],
  ['chat claude-sonnet-4-6', ...above],
];
const isCall = ({ scope }: SinkSpan): boolean => scope.name === 'spanledger';

test.concurrent.each([
  ['ends by itself', [], 0, null],
  ['ends by SIGTERM', ['wait'], null, 'SIGTERM'],
] as const)(
  'an application without tracing that %s: http, Express and model calls are one trace',
  async (_name, args, code, signal) => {
    const ran = await run(args);
    expect(ran).toMatchObject({ code, signal });
    const { spans, stdout, stderr, requests } = ran;
    expect(stdout.trim()).toBe('200');
    expect(stderr).not.toContain('could not');
    const llm = spans.filter(isCall);
    expect(llm.map((span) => chain(span, spans))).toEqual(calls);
    for (const { attributes } of llm)
      expect(attributes).toMatchObject({
        'spanledger.customer_id': 'acme',
        'spanledger.route': '/books/:isbn/summary',
        'spanledger.usage.state': 'reported',
      });
    // Nobody but us says anything of a model, and no command line, path or host is told.
    expect(spans.filter((span) => !isCall(span) && JSON.stringify(span.attributes).includes('gen_ai'))).toEqual([]);
    for (const { resource } of spans)
      expect(Object.keys(resource).filter((key) => !/^(service\.name|telemetry\.sdk\..*)$/.test(key))).toEqual([]);
    expect(new Set(spans.map(({ resource }) => resource['service.name']))).toEqual(new Set(['books']));
    // The trace goes to the provider; tags do not.
    expect(requests.map(({ headers }) => [headers['baggage'], headers['traceparent'] !== undefined])).toEqual([
      [undefined, true],
      [undefined, true],
    ]);
  },
);

test.concurrent('a sampler drops traces, never calls', async () => {
  const { spans } = await run([], { OTEL_TRACES_SAMPLER: 'always_off' });
  expect(spans.map(({ name }) => name).toSorted()).toEqual(['chat claude-sonnet-4-6', 'chat gpt-4o']);
});

test.concurrent('beside an OpenTelemetry that is there already, only calls are recorded, and it gets what it got', async () => {
  const own = await startSink();
  const flags = ['--require', appFile('own-sdk.cjs'), '--require', preload];
  const { spans, stderr } = await run([], { OWN_SINK: own.url }, flags);
  await own.stop();
  expect(spans.map(({ name }) => name).toSorted()).toEqual(['chat claude-sonnet-4-6', 'chat gpt-4o']);
  expect(stderr).toContain('this process has an OpenTelemetry already');
});
