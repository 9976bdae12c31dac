/** The rows of the OTLP/gRPC conformance list, each named by its row, with gRPC's own client. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectHttp2, constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { Client, compressionAlgorithms, credentials as Credentials } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { accessBy } from '../../../processor/access.ts';
import { SpanledgerError } from '../../../processor/errors.ts';
import { createCounters, type Counters } from '../../../processor/metrics.ts';
import { readTraces, type Span, type TraceRequest } from '../../../processor/otlp/index.ts';
import type { Consume } from '../../../processor/receivers/intake.ts';
import { sharedMemory } from '../../../processor/receivers/memory.ts';
import { startOtlpGrpc } from '../../../processor/receivers/otlp-grpc.ts';
import type { ReceiverOptions } from '../../../processor/receivers/receiver.ts';
import type { Receiver } from '../../../processor/receivers/receiver.ts';
import { exportTo } from '../../support/grpc.ts';
import { chatSpan, encodeProtobuf, encodeSpan, message, readStatus, request } from '../../support/otlp.ts';

const LIMIT = 20_000;
const good = encodeProtobuf(request(chatSpan(1), chatSpan(2)));
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

interface Started {
  readonly receiver: Receiver;
  readonly url: string;
  readonly spans: Span[];
  readonly counters: Counters;
}

async function start({ consume, ...options }: Partial<ReceiverOptions> & { consume?: Consume } = {}): Promise<Started> {
  const spans: Span[] = [];
  const counters = createCounters();
  const take: Consume =
    consume ??
    (async (body, encoding) => {
      spans.push(...readTraces(body, encoding).spans);
      return {};
    });
  const receiver = await startOtlpGrpc({
    address: { host: '127.0.0.1', port: 0 },
    access: accessBy([], true),
    counters,
    onError: () => undefined,
    maxBody: LIMIT,
    intake: { traces: take, logs: take, metrics: take },
    ...options,
  });
  onTestFinished(() => receiver.stop());
  return { receiver, url: receiver.url, spans, counters };
}

const failing =
  (error: Error): Consume =>
  async () => {
    throw error;
  };

describe('H13, G1: the limit holds before and after decompression, and RetryInfo does not ask for more of it', () => {
  it.each([
    ['plain', Buffer.alloc(LIMIT + 1), compressionAlgorithms.identity],
    ['gzip', Buffer.alloc(10_000_000), compressionAlgorithms.gzip],
  ])('%s', async (_, body, algorithm) => {
    const { url, spans } = await start();
    const answer = await exportTo(url, body, { client: { 'grpc.default_compression_algorithm': algorithm } });
    expect([answer.code, answer.status, spans]).toEqual([8, undefined, []]);
  });

  it('64 MiB unless set otherwise', async () => {
    let size = 0;
    const consume: Consume = async (body) => {
      size = body.length;
      return {};
    };
    const { url } = await start({ maxBody: undefined as unknown as number, consume });
    expect((await exportTo(url, Buffer.alloc(5_000_000))).code).toBe(0);
    expect(size).toBe(5_000_000);
    expect((await exportTo(url, Buffer.alloc((64 << 20) + 1))).code).toBe(8);
  });
});

describe('H13, G1: a length that lies', () => {
  it.each([
    ['above the limit: not one byte is waited for', 0xffff_fff0, Buffer.alloc(0), '8'],
    ['longer than what follows', 5_000, good, undefined],
    ['shorter than what follows', 10, good, undefined],
  ])('%s', async (_, length, payload, code) => {
    const { url, spans } = await start();
    const head = Buffer.alloc(5);
    head.writeUInt32BE(length, 1);
    const said = await status(url, Buffer.concat([head, payload]), 'identity');
    if (code === undefined) expect(said).not.toMatch(/^"?0"?$/);
    else expect(said).toContain(code);
    expect((await exportTo(url, good)).code).toBe(0);
    expect(spans).toHaveLength(2);
  });
});

it('H4, G2: full success leaves partial_success unset', async () => {
  const { url, spans } = await start();
  const answer = await exportTo(url, good);
  expect([answer.code, answer.body.length, spans.length]).toEqual([0, 0, 2]);
});

it('H7, H8, G3: a warning is a partial success that rejected nothing: no span is ever rejected', async () => {
  const { url } = await start({ consume: async () => ({ warning: 'the backend says: quota exceeded' }) });
  const { body } = await exportTo(url, good);
  expect(body.equals(message([1, message([2, 'the backend says: quota exceeded'])]))).toBe(true);
});

it('H9, H10, G4: what can never be read is INVALID_ARGUMENT, with BadRequest', async () => {
  const { url, counters } = await start();
  const answer = await exportTo(url, good.subarray(0, 50));
  expect(answer.code).toBe(3);
  expect(answer.message).toContain('not an OTLP trace request in protobuf');
  expect(answer.status && readStatus(answer.status)).toEqual({
    code: 3,
    message: answer.message,
    details: [BAD_REQUEST],
  });
  expect(counters.get('refused_requests', 'malformed_otlp')).toBe(1);
});

describe('H11, H12, G5: what may pass is UNAVAILABLE, with RetryInfo', () => {
  it.each([
    ['the ledger away', new SpanledgerError('ledger_unavailable', 'the disk is full'), 'the disk is full'],
    ['an error of no kind', new TypeError('secret'), 'an unexpected failure; the request was not taken, send it again'],
  ])('%s', async (_, error, said) => {
    const { url } = await start({ consume: failing(error) });
    const answer = await exportTo(url, good);
    expect([answer.code, answer.message]).toEqual([14, said]);
    expect(answer.status && readStatus(answer.status)).toEqual({ code: 14, message: said, details: [RETRY_INFO] });
  });

  it('too much at once', async () => {
    const end = Promise.withResolvers<object>();
    const { url } = await start({ lend: sharedMemory(600), consume: () => end.promise });
    const first = exportTo(url, good);
    await sleep(100);
    expect(await exportTo(url, good)).toMatchObject({ code: 14 });
    end.resolve({});
    expect((await first).code).toBe(0);
  });
});

it('H5: an empty request is a success', async () => {
  const { url, spans } = await start();
  expect(await exportTo(url, Buffer.alloc(0))).toMatchObject({ code: 0, body: Buffer.alloc(0) });
  expect(spans).toEqual([]);
});

it('H6, G3: no span is ever rejected: one that makes no sense is taken with its neighbours', async () => {
  let read: TraceRequest | undefined;
  const consume: Consume = async (body, encoding) => {
    read = readTraces(body, encoding);
    return {};
  };
  const { url } = await start({ consume });
  // A span whose second field ends too early, and a sound one.
  const spans = message([2, Uint8Array.of(0x0a, 0x02, 1, 2, 0x12, 0x7f)], [2, encodeSpan(chatSpan(1))]);
  const answer = await exportTo(url, message([1, message([2, spans])]));
  expect([answer.code, answer.body.length, read?.unreadable, read?.spans.length]).toEqual([0, 0, 1, 1]);
});

describe('H14: answers are small, whatever is said', () => {
  it('a warning', async () => {
    const { url } = await start({ consume: async () => ({ warning: 'w'.repeat(5_000_000) }) });
    expect((await exportTo(url, good)).body.length).toBeLessThan(20_000);
  });
  it('an error: it travels in headers, of which many clients take no more than 8 KiB', async () => {
    const said = 'é'.repeat(50_000);
    const { url } = await start({ consume: failing(new SpanledgerError('ledger_unavailable', said)) });
    const answer = await exportTo(url, good, { client: { 'grpc.max_metadata_size': 8_192 } });
    expect([answer.code, answer.message.slice(0, 20)]).toEqual([14, said.slice(0, 20)]);
    expect(encodeURIComponent(answer.message).length + (answer.status?.length ?? 0) * 1.4).toBeLessThan(8_000);
  });
});

it('G6: more calls at once on one connection than it has streams: they wait for each other', async () => {
  const { url, spans } = await start({
    consume: async (body, encoding) => {
      spans.push(...readTraces(body, encoding).spans);
      await sleep(5);
      return {};
    },
  });
  const client = new Client(new URL(url).host, Credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  onTestFinished(() => client.close());
  const codes = await Promise.all(
    Array.from({ length: 200 }, () => new Promise((resolve) => unary(client, good, (code) => resolve(code)))),
  );
  expect([new Set(codes), spans.length]).toEqual([new Set([0]), 400]);
});

it('G6: concurrent calls, on one connection and on several', async () => {
  const end = Promise.withResolvers<object>();
  let begun = 0;
  const { url } = await start({
    consume: () => {
      if (++begun === 20) end.resolve({});
      return end.promise;
    },
  });
  const pooled = { 'grpc.use_local_subchannel_pool': 0 };
  const answers = await Promise.all(Array.from({ length: 20 }, () => exportTo(url, good, { client: pooled })));
  expect(answers.map(({ code }) => code)).toEqual(Array.from({ length: 20 }, () => 0));
});

it('H15, G7: gzip and none', async () => {
  const { url, spans } = await start();
  for (const algorithm of [compressionAlgorithms.gzip, compressionAlgorithms.identity])
    expect((await exportTo(url, good, { client: { 'grpc.default_compression_algorithm': algorithm } })).code).toBe(0);
  expect(spans).toHaveLength(4);
});

it('H15, G7: a message that is no gzip, though it says so, costs only itself', async () => {
  const { url, spans } = await start();
  for (const payload of [Buffer.from('no gzip'), gzipSync(good).subarray(0, 40)]) {
    const head = Buffer.alloc(5);
    head.writeUInt8(1);
    head.writeUInt32BE(payload.length, 1);
    expect(await status(url, Buffer.concat([head, payload]))).not.toMatch(/^"?0"?$/);
  }
  expect((await exportTo(url, good)).code).toBe(0);
  expect(spans).toHaveLength(2);
});

it('a deadline that passes ends the call for the sender, and nothing else', async () => {
  const end = Promise.withResolvers<object>();
  const { url } = await start({ consume: () => end.promise });
  expect((await exportTo(url, good, { deadlineMs: 100 })).code).toBe(4);
  end.resolve({});
  expect((await exportTo(url, good)).code).toBe(0);
});

it('H1: each service at its name; profiles are not taken, and that is said', async () => {
  const taken: string[] = [];
  const take =
    (name: string): Consume =>
    async () => {
      taken.push(name);
      return {};
    };
  const { url } = await start({ intake: { traces: take('traces'), logs: take('logs'), metrics: take('metrics') } });
  for (const signal of ['traces', 'logs', 'metrics'] as const) await exportTo(url, Buffer.alloc(0), { signal });
  expect(taken).toEqual(['traces', 'logs', 'metrics']);
  expect((await exportTo(url, Buffer.alloc(0), { signal: 'profiles' })).code).toBe(12);
});

it('refuses what a Spanledger forwarded, and who has no token, before the message is read', async () => {
  const access = accessBy([{ secret: 'a-secret-of-16-letters', scopes: ['ingest'] }], false);
  const { url, spans, counters } = await start({ access });
  const authorization = 'Bearer a-secret-of-16-letters';
  expect((await exportTo(url, Buffer.alloc(LIMIT * 2))).code).toBe(16);
  expect((await exportTo(url, good, { metadata: { authorization: 'Bearer a-secret-of-16-letterz' } })).code).toBe(16);
  expect((await exportTo(url, good, { metadata: { authorization, 'x-spanledger-hop': '1' } })).code).toBe(9);
  expect(spans).toEqual([]);
  expect((await exportTo(url, good, { metadata: { authorization } })).code).toBe(0);
  expect([counters.get('refused_requests', 'token'), counters.get('refused_requests', 'loop')]).toEqual([2, 1]);
});

it('stopping answers what has begun, and then takes nothing', async () => {
  const end = Promise.withResolvers<object>();
  const { url, receiver } = await start({ consume: () => end.promise });
  const answer = exportTo(url, good);
  await sleep(100);
  const stopped = receiver.stop();
  end.resolve({});
  expect((await answer).code).toBe(0);
  await stopped;
  expect((await exportTo(url, good, { deadlineMs: 500 })).code).not.toBe(0);
});

it('says which address is taken, and how to choose another', async () => {
  const { receiver } = await start();
  const port = Number(new URL(receiver.url).port);
  await expect(start({ address: { host: '127.0.0.1', port } })).rejects.toMatchObject({
    code: 'address_in_use',
    message: `OTLP/gRPC: can't listen on 127.0.0.1:${port}: something listens there already; stop it, or set listen.grpc in spanledger.yaml or SPANLEDGER_LISTEN_GRPC to another address`,
  });
});

function unary(client: Client, body: Buffer, done: (code: number) => void): void {
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
  const same = (bytes: Buffer): Buffer => bytes;
  client.makeUnaryRequest(path, same, same, body, (error) => done(error?.code ?? 0));
}

/** Sends a frame as it is, over HTTP/2. */
async function status(url: string, frame: Buffer, encoding = 'gzip'): Promise<string> {
  const session = connectHttp2(url);
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    'content-type': 'application/grpc',
    'grpc-encoding': encoding,
    te: 'trailers',
  });
  return new Promise((resolve) => {
    const take = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] === undefined) return;
      resolve(JSON.stringify(headers['grpc-status']));
      session.close();
    };
    stream.on('response', take).on('trailers', take);
    stream.on('error', () => resolve('reset'));
    stream.resume();
    stream.end(frame);
  });
}
