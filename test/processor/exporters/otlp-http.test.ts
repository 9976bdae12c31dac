import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../../../processor/address.ts';
import { otlpHttpExporter } from '../../../processor/exporters/otlp-http.ts';
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

it('sends the bytes as they are, in their encoding, with the hop header and the headers that are set', async () => {
  const { url, requests } = await start();
  const exporter = otlpHttpExporter({ endpoint: `${url}/`, headers: { authorization: 'Bearer x' } });
  expect(await exporter.send(body, 'protobuf')).toEqual({ status: 'delivered', warning: undefined });
  expect(await exporter.send(encodeJson(request(chatSpan(1))), 'json')).toMatchObject({ status: 'delivered' });
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

it('compresses for any other host', async () => {
  const { url, requests } = await start();
  // Loopback by a name that says nothing of it.
  const elsewhere = url.replace('127.0.0.1', '[::ffff:127.0.0.1]');
  await otlpHttpExporter({ endpoint: elsewhere, headers: {} }).send(body, 'protobuf');
  expect(requests).toMatchObject([{ headers: { 'content-encoding': 'gzip' } }]);
  expect(Buffer.from(requests[0]?.body ?? []).equals(body)).toBe(true);
});

describe('a backend that does not take it is said to have failed, in a line', () => {
  it.each([400, 413, 429, 500, 503])('%i', async (status) => {
    const { url } = await start({ answer: () => ({ status }) });
    expect(await otlpHttpExporter({ endpoint: url, headers: {} }).send(body, 'protobuf')).toEqual({
      status: 'failed',
      reason: `${url}/v1/traces answered ${status}`,
    });
  });
  it('nobody there', async () => {
    const gone = await start();
    await gone.stop();
    const { url } = gone;
    expect(await otlpHttpExporter({ endpoint: url, headers: {} }).send(body, 'protobuf')).toEqual({
      status: 'failed',
      reason: `${url}/v1/traces: ECONNREFUSED`,
    });
  });
  it('too slow', async () => {
    const { url } = await start({ answer: () => ({ delayMs: 2_000 }) });
    const exporter = otlpHttpExporter({ endpoint: url, headers: {}, timeoutMs: 50 });
    expect(await exporter.send(body, 'protobuf')).toEqual({
      status: 'failed',
      reason: `${url}/v1/traces: no answer within 50 ms`,
    });
  });
  it('a redirect: spans go nowhere but where they were told to', async () => {
    const { url } = await start({ answer: () => ({ status: 307, headers: { location: 'http://127.0.0.1:1/' } }) });
    expect(await otlpHttpExporter({ endpoint: url, headers: {} }).send(body, 'protobuf')).toMatchObject({
      status: 'failed',
    });
  });
});

describe('the answer', () => {
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
    const exporter = otlpHttpExporter({ endpoint: listening.url, headers: {} });
    expect(await exporter.send(body, 'protobuf')).toEqual({ status: 'delivered', warning });
    server.closeAllConnections();
    await listening.close();
  });
});
