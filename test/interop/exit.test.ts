import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { startProvider } from '../support/provider.ts';
import { startSink } from '../support/sink.ts';
import { appFile, preload, runApp } from '../instrumentation/run-app.ts';

/**
 * The table of docs/exit.md, cell by cell: one call is over when the end comes; where a signal comes, another one is on its
 * way.
 */
const gasp = { SPANLEDGER_LAST_GASP: 'on' };
const ends: readonly (readonly [name: string, how: string, env: Record<string, string>, expected: object])[] = [
  ['it ends by itself', 'end', {}, { code: 0, signal: null, spans: 1 }],
  ['SIGTERM, nobody else listens', 'SIGTERM', {}, { code: null, signal: 'SIGTERM', spans: 2 }],
  ['SIGINT, nobody else listens', 'SIGINT', {}, { code: null, signal: 'SIGINT', spans: 2 }],
  ['SIGTERM, the application listens and ends', 'SIGTERM-once', {}, { code: 7, signal: null, spans: 1 }],
  ['SIGHUP', 'SIGHUP', {}, { code: null, signal: 'SIGHUP', spans: 0 }],
  ['process.exit()', 'exit', {}, { code: 3, signal: null, spans: 0 }],
  ['an exception', 'throw', {}, { code: 1, signal: null, spans: 0 }],
  ['a rejection', 'reject', {}, { code: 1, signal: null, spans: 0 }],
  ['process.exit(), with the last gasp', 'exit', gasp, { code: 3, signal: null, spans: 1 }],
  ['process.exit() while a call is open, with the last gasp', 'exit-open', gasp, { code: 3, signal: null, spans: 2 }],
  ['an exception, with the last gasp', 'throw', gasp, { code: 1, signal: null, spans: 1 }],
  ['a rejection, with the last gasp', 'reject', gasp, { code: 1, signal: null, spans: 1 }],
  ['it ends by itself, with the last gasp', 'end', gasp, { code: 0, signal: null, spans: 1 }],
  ['SIGTERM, with the last gasp', 'SIGTERM', gasp, { code: null, signal: 'SIGTERM', spans: 2 }],
];

describe('the end of the process', () => {
  test.each(ends)('%s', async (_name, how, env, expected) => {
    const { code, signal, spans } = await runApp({
      app: appFile('end.mjs'),
      args: [how],
      env,
    });
    expect({ code, signal, spans: spans.length }).toEqual(expected);
  });

  test('SIGKILL: what was sent stays, what is in memory is lost', async () => {
    const provider = await startProvider();
    const sink = await startSink();
    const child = spawn(process.execPath, ['--no-warnings', '--require', preload, appFile('end.mjs'), 'wait'], {
      env: {
        PATH: process.env['PATH'],
        PROVIDER: provider.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        OTEL_BSP_SCHEDULE_DELAY: '50',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await sink.wait(1);
    child.kill('SIGKILL');
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    await provider.stop();
    await sink.stop();
    expect({ code, signal, spans: sink.spans.length }).toEqual({ code: null, signal: 'SIGKILL', spans: 1 });
  });

  test('a processor that does not answer holds the last gasp up for three seconds at most', async () => {
    const sink = await startSink({ answer: () => ({ delayMs: 60_000 }) });
    const started = performance.now();
    const { code } = await runApp({ app: appFile('end.mjs'), args: ['exit'], env: gasp, endpoint: sink.url });
    await sink.stop();
    expect(code).toBe(3);
    expect(performance.now() - started).toBeLessThan(6000);
  });
});
