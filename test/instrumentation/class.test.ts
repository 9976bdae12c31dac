import { expect, test } from 'vitest';
import { startSink } from '../support/sink.ts';
import { appFile, preload, runApp } from './run-app.ts';

test.concurrent.each([
  ['alone', []],
  ['beside the preload', ['--require', preload]],
])(
  "GenAIInstrumentation %s: the application's exporter gets each call once, though all else is sampled away",
  async (_name, flags) => {
    const own = await startSink();
    const { code, stdout, spans } = await runApp({
      app: appFile('own-class.mjs'),
      flags,
      env: { OWN_SINK: own.url, SPANLEDGER_MARKERS: 'on' },
    });
    await own.stop();
    expect(code).toBe(0);
    expect(own.spans.map(({ name }) => name).toSorted()).toEqual([
      'chat gpt-4o',
      'chat gpt-4o',
      'spanledger.call.started',
    ]);
    // Not to two places.
    expect(spans).toEqual([]);
    expect(JSON.parse(stdout.split(' true')[0] ?? '')).toEqual([
      ['gen_ai.client.token.usage', 'input', 2, expect.any(Number)],
      ['gen_ai.client.token.usage', 'output', 2, expect.any(Number)],
      ['gen_ai.client.operation.duration', '', 2, ''],
    ]);
  },
);
