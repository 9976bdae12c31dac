import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../../../processor/address.ts';
import type { Parcel } from '../../../processor/exporters/exporter.ts';
import { otlpHttpSender, retryAfter, type OtlpHttpTarget } from '../../../processor/exporters/otlp-http.ts';
import { chatSpan, encodeJson, encodeProtobuf, message, request } from '../../support/otlp.ts';
import { startSink, type Sink, type SinkOptions } from '../../support/sink.ts';

let sink: Sink | undefined;
afterEach(async () => {
  await sink?.stop();
});

async function start(options: SinkOptions = {}): Promise<Sink> {
  sink = await startSink(options);
  return sink;
}

const body = encodeProtobuf(request(chatSpan(1)));
const parcel: Parcel = { signal: 'traces', encoding: 'protobuf', body, items: 1 };

async function send(target: Partial<OtlpHttpTarget>, what: Partial<Parcel> = {}, timeoutMs = 2_000) {
  const sender = otlpHttpSender({ endpoint: '', headers: {}, ...target });
  try {
    return await sender.send({ ...parcel, ...what }, { timeoutMs });
  } finally {
    sender.close();
  }
}

it('sends the bytes as they are, in their encoding, with the hop header and the headers that are set', async () => {
  const { url, requests } = await start();
  const target = { endpoint: `${url}/`, headers: { authorization: 'Bearer x' } };
  expect(await send(target)).toEqual({ status: 'delivered', warning: undefined });
  const json = encodeJson(request(chatSpan(1)));
  expect(await send(target, { encoding: 'json', body: json })).toMatchObject({ status: 'delivered' });
  expect(requests).toMatchObject([
    {
      path: '/v1/traces',
      encoding: 'protobuf',
      headers: { authorization: 'Bearer x', 'x-spanledger-hop': '1', 'content-type': 'application/x-protobuf' },
    },
    { encoding: 'json', headers: { 'content-type': 'application/json' } },
  ]);
  expect(Buffer.from(requests[0]?.body ?? []).equals(body)).toBe(true);
  // Loopback: compressing would only cost time.
  expect(requests[0]?.headers).not.toHaveProperty('content-encoding');
});

it.each(['logs', 'metrics'] as const)('%s go to a path of their own', async (signal) => {
  const { url, requests } = await start();
  await send({ endpoint: url }, { signal });
  expect(requests[0]?.path).toBe(`/v1/${signal}`);
});

it.each([
  [undefined, 'gzip'],
  ['zstd', 'zstd'],
  ['gzip', 'gzip'],
  ['none', undefined],
] as const)('compression %s, for another host: %s', async (compression, coding) => {
  const { url, requests } = await start();
  // Loopback by a name that says nothing of it.
  const elsewhere = url.replace('127.0.0.1', '[::ffff:127.0.0.1]');
  await send({ endpoint: elsewhere, compression });
  expect(requests[0]?.headers['content-encoding']).toBe(coding);
  expect(Buffer.from(requests[0]?.body ?? []).equals(body)).toBe(true);
});

describe('D2: a backend that does not take it', () => {
  it.each([
    ...[429, 502, 503, 504, 401, 403, 404].map((status) => [status, 'later'] as const),
    ...[400, 405, 415, 422, 500, 501].map((status) => [status, 'refused'] as const),
    [413, 'too_large'] as const,
  ])('%i: %s', async (status, what) => {
    const { url } = await start({ answer: () => ({ status }) });
    expect(await send({ endpoint: url })).toMatchObject({
      status: what,
      reason: `${url}/v1/traces answered ${status}`,
    });
  });
  it('D3: says when to come again', async () => {
    const { url } = await start({ answer: () => ({ status: 429, headers: { 'retry-after': '7' } }) });
    expect(await send({ endpoint: url })).toMatchObject({ status: 'later', retryAfterMs: 7_000 });
  });
  it('nobody there', async () => {
    const gone = await start();
    await gone.stop();
    const { url } = gone;
    expect(await send({ endpoint: url })).toMatchObject({ status: 'later', reason: `${url}/v1/traces: ECONNREFUSED` });
  });
  it('too slow', async () => {
    const { url } = await start({ answer: () => ({ delayMs: 2_000 }) });
    expect(await send({ endpoint: url }, {}, 50)).toMatchObject({
      status: 'later',
      reason: `${url}/v1/traces: no answer within 50 ms`,
    });
  });
  it('a redirect: spans go nowhere but where they were told to', async () => {
    const other = await startSink();
    const { url, requests } = await start({ answer: () => ({ status: 307, headers: { location: other.url } }) });
    expect(await send({ endpoint: url })).toMatchObject({ status: 'later' });
    expect([requests.length, other.requests.length]).toEqual([1, 0]);
    await other.stop();
  });
});

it('D3: reads Retry-After as seconds or as a date, and is not put off for ever', () => {
  const now = Date.UTC(2026, 10, 25, 12);
  expect(retryAfter('120', now)).toBe(120_000);
  expect(retryAfter('Wed, 25 Nov 2026 12:01:00 GMT', now)).toBe(60_000);
  expect(retryAfter('Wed, 25 Nov 2026 11:00:00 GMT', now)).toBe(0);
  expect(retryAfter('86400', now)).toBe(300_000);
  expect(retryAfter('soon', now)).toBeUndefined();
  expect(retryAfter(undefined, now)).toBeUndefined();
});

it('D5: one connection for requests one after the other', async () => {
  let connections = 0;
  const server = createServer((incoming, response) => void incoming.resume().on('end', () => response.end()));
  server.on('connection', () => connections++);
  const listening = await listen(server, { host: '127.0.0.1', port: 0 }, 'OTLP');
  const sender = otlpHttpSender({ endpoint: listening.url, headers: {} });
  for (let n = 0; n < 20; n++) await sender.send(parcel, { timeoutMs: 2_000 });
  expect(connections).toBe(1);
  sender.close();
  await listening.close();
});

it('D4: a connection that the backend closed while it was idle is replaced', async () => {
  const server = createServer({ keepAliveTimeout: 1 }, (incoming, response) => {
    incoming.resume().on('end', () => {
      // Closed under the sender's feet, without a word beforehand.
      response.end();
      setTimeout(() => incoming.socket.resetAndDestroy(), 1);
    });
  });
  const listening = await listen(server, { host: '127.0.0.1', port: 0 }, 'OTLP');
  const sender = otlpHttpSender({ endpoint: listening.url, headers: {} });
  for (let n = 0; n < 20; n++)
    expect(await sender.send(parcel, { timeoutMs: 2_000 })).toMatchObject({ status: 'delivered' });
  sender.close();
  await listening.close();
});

describe('D1, D6: an answer is read as far as it makes sense', () => {
  it.each([
    [
      'a partial success',
      message([1, Buffer.concat([Uint8Array.of(0x08, 2), message([2, 'quota'])])]),
      'the backend says: 2 spans rejected: quota',
    ],
    ['none', new Uint8Array(), undefined],
    ['of no sense', Buffer.from('<html>'), undefined],
    ['without end', Buffer.alloc(1 << 20, 'x'), undefined],
  ])('%s', async (_, answer, warning) => {
    const server = createServer((incoming, response) => {
      incoming.resume().on('end', () => response.end(answer));
    });
    const listening = await listen(server, { host: '127.0.0.1', port: 0 }, 'OTLP');
    expect(await send({ endpoint: listening.url })).toEqual({ status: 'delivered', warning });
    server.closeAllConnections();
    await listening.close();
  });
});
