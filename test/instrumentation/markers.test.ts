import { join } from 'node:path';
import { pino } from 'pino';
import { test } from 'vitest';
import { startApp } from '../../processor/app.ts';
import { defaultConfig } from '../../processor/config.ts';
import { temporaryFolder } from '../support/ledger.ts';
import { startSink } from '../support/sink.ts';
import { appFile, runApp } from './run-app.ts';

test.concurrent('a call that is open for more than a second is announced, with the ids that its span will have', async ({
  expect,
}) => {
  const { spans } = await runApp({ app: appFile('long.mjs'), env: { SPANLEDGER_MARKERS: 'on' } });
  expect(spans.map(({ name }) => name)).toEqual(['spanledger.call.started', 'chat gpt-4o', 'chat gpt-4o']);
  const [marker, call] = spans;
  expect(marker?.attributes).toEqual({
    'spanledger.customer_id': 'acme',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.request.max_tokens': 50,
    'spanledger.call.input_tokens': 5,
    'spanledger.call.span_id': call?.spanId,
    'spanledger.call.start_unix_nano': String(call?.start),
  });
  expect([marker?.traceId, marker?.parentSpanId]).toEqual([call?.traceId, call?.spanId]);
  expect(call?.parentSpanId).toBe('');
  const after = Number((marker?.start ?? 0n) - (call?.start ?? 0n)) / 1e6;
  expect(after).toBeGreaterThanOrEqual(999);
  expect(marker?.end).toBe(marker?.start);
});

test.concurrent('can be switched off', async ({ expect }) => {
  const { spans } = await runApp({ app: appFile('long.mjs') });
  expect(spans.map(({ name }) => name)).toEqual(['chat gpt-4o', 'chat gpt-4o']);
});

test.concurrent('the processor neither bills nor forwards the announcement', async ({ expect }) => {
  const backend = await startSink();
  const any = { host: '127.0.0.1', port: 0 };
  const config = {
    ...defaultConfig(),
    listen: { ...defaultConfig().listen, otlp: any, api: any },
    ledger: join(temporaryFolder(), 'spanledger.db'),
    forward: [{ name: 'backend', endpoint: backend.url, headers: {} }],
  };
  const app = await startApp(config, { log: pino({ level: 'silent' }), print: () => {} });
  try {
    await runApp({ app: appFile('long.mjs'), endpoint: app.otlpUrl, env: { SPANLEDGER_MARKERS: 'on' } });
    await backend.wait(2);
    expect(backend.spans.map(({ name }) => name)).toEqual(['chat gpt-4o', 'chat gpt-4o']);
    const answer = await fetch(`${app.apiUrl}/api/v1/costs?by=customer_id`);
    const { rows } = (await answer.json()) as { rows: readonly Record<string, unknown>[] };
    expect(rows.map(({ customer_id, calls, unpriced_calls }) => [customer_id, calls, unpriced_calls])).toEqual(
      expect.arrayContaining([
        ['acme', 1, 0],
        ['', 1, 0],
      ]),
    );
  } finally {
    await app.stop();
    await backend.stop();
  }
});
