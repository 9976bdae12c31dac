import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { parseAddress } from '../../../processor/address.ts';
import { startApp } from '../../../processor/app.ts';
import { defaultConfig, type Config } from '../../../processor/config.ts';
import { inspectRunning } from '../../../processor/doctor/running.ts';
import { temporaryFolder } from '../../support/ledger.ts';
import { chatSpan, encodeProtobuf, request } from '../../support/otlp.ts';

const closed = { host: '127.0.0.1', port: 9 };

async function findings(config: Pick<Config, 'listen' | 'tokens'>): Promise<string[]> {
  const all: string[] = [];
  for await (const { check, state, detail } of inspectRunning(config)) all.push(`${state} ${check}: ${detail}`);
  return all;
}

it('a processor that runs says what it was told, also where it asks for a token', async () => {
  const any = { host: '127.0.0.1', port: 0 };
  const tokens: Config['tokens'] = [{ secret: 'a-secret-for-reading', scopes: ['read'] }];
  const config: Config = {
    ...defaultConfig(),
    listen: { ...defaultConfig().listen, otlp: any, grpc: undefined, api: any },
    ledger: join(temporaryFolder(), 'spanledger.db'),
    tokens,
  };
  const app = await startApp(config, { log: pino({ level: 'silent' }) });
  onTestFinished(() => app.stop());
  const id = { 'gen_ai.response.id': 'chatcmpl-1' };
  const body = encodeProtobuf(request(chatSpan(1, id), { ...chatSpan(2, id), traceId: chatSpan(1).traceId ?? '' }));
  await fetch(`${app.otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: new Uint8Array(body),
  });
  const address = (url: string): { host: string; port: number } => parseAddress(new URL(url).host) ?? closed;
  const listen = { ...config.listen, otlp: address(app.otlpUrl), grpc: closed, api: address(app.apiUrl) };
  expect(await findings({ listen, tokens })).toEqual([
    expect.stringMatching(/^ok processor: version \S+ answers at 127\.0\.0\.1:\d+$/),
    expect.stringMatching(/^warning received: 2 spans with 1 calls since it started; 1 more told a call/),
    expect.stringMatching(/^ok OTLP: listens on/),
    'failed OTLP/gRPC: nothing listens on 127.0.0.1:9',
  ]);
});

it('tells a port that is free from one that something else has', async () => {
  const other = createServer((socket) => void socket.on('error', () => undefined).end('who?')).listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const taken = { host: '127.0.0.1', port: (other.address() as { port: number }).port };
  const listen = { ...defaultConfig().listen, otlp: closed, grpc: undefined, api: taken };
  expect(await findings({ listen, tokens: [] })).toEqual([
    `failed page and API: something else listens on 127.0.0.1:${taken.port}: stop it, or set another address`,
    'ok OTLP: 127.0.0.1:9 is free; "spanledger serve" is not running',
  ]);
});
