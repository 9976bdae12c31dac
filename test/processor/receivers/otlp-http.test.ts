/** The rows of the OTLP/HTTP conformance list, each named by its row. Requests go over real sockets. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { accessBy, type Access } from '../../../processor/access.ts';
import { SpanledgerError } from '../../../processor/errors.ts';
import { createCounters, type Counters } from '../../../processor/metrics.ts';
import { readTraces, type Span, type TraceRequest } from '../../../processor/otlp/index.ts';
import type { Consume } from '../../../processor/receivers/intake.ts';
import { sharedMemory } from '../../../processor/receivers/memory.ts';
import { startOtlpHttp } from '../../../processor/receivers/otlp-http.ts';
import type { ReceiverOptions } from '../../../processor/receivers/receiver.ts';
import type { Receiver } from '../../../processor/receivers/receiver.ts';
import { chatSpan, encodeJson, encodeProtobuf, message, readStatus, request } from '../../support/otlp.ts';
import { plainSpan } from '../../support/span.ts';

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';
const LIMIT = 20_000;

interface Started {
  readonly url: string;
  readonly received: TraceRequest[];
  readonly spans: () => readonly Span[];
  readonly counters: Counters;
  readonly errors: unknown[];
  readonly receiver: Receiver;
}

let running: Receiver | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const intakeOf = (consume: Consume): ReceiverOptions['intake'] => ({
  traces: consume,
  logs: consume,
  metrics: consume,
});
const open: Access = accessBy([], true);

async function start({ consume, ...options }: Partial<ReceiverOptions> & { consume?: Consume } = {}): Promise<Started> {
  const received: TraceRequest[] = [];
  const errors: unknown[] = [];
  const counters = createCounters();
  running = await startOtlpHttp({
    address: { host: '127.0.0.1', port: 0 },
    access: open,
    counters,
    onError: (error) => errors.push(error),
    maxBody: LIMIT,
    intake: intakeOf(
      consume ??
        (async (body, encoding) => {
          received.push(readTraces(body, encoding));
          return {};
        }),
    ),
    ...options,
  });
  const spans = (): readonly Span[] => received.flatMap((traces) => traces.spans);
  return { url: `${running.url}/v1/traces`, received, spans, counters, errors, receiver: running };
}

async function post(
  url: string,
  body: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; type: string | null; body: Buffer }> {
  const response = await fetch(url, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers: { 'content-type': JSON_TYPE, ...headers },
  });
  const answer = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: response.headers,
    type: response.headers.get('content-type'),
    body: answer,
  };
}

const pack = { gzip: gzipSync, zstd: zstdCompressSync } as const;
const good = request(chatSpan(1), chatSpan(2));
const both = [
  [JSON_TYPE, encodeJson(good)],
  [PROTOBUF_TYPE, encodeProtobuf(good)],
] as const;

it.each(['traces', 'logs', 'metrics'] as const)('H1: %s go to a path of their own', async (signal) => {
  const taken: string[] = [];
  const take =
    (name: string): Consume =>
    async () => {
      taken.push(name);
      return {};
    };
  const intake = { traces: take('traces'), logs: take('logs'), metrics: take('metrics') };
  const { url } = await start({ intake });
  expect((await post(url.replace('traces', signal), '{}')).status).toBe(200);
  expect(taken).toEqual([signal]);
});

it('H1: other paths are 404 with a Status that says what is there', async () => {
  const { url } = await start();
  for (const path of ['/', '/v1/traces/x', '/v1/profiles']) {
    const answer = await post(url.replace('/v1/traces', path), encodeJson(good));
    expect(answer.status).toBe(404);
    expect(statusOf(answer.body)).toMatchObject({ message: expect.stringContaining('/v1/traces') as string });
  }
});

it('H1: only POST', async () => {
  const { url } = await start();
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  expect(statusOf(Buffer.from(await answer.arrayBuffer()))).toMatchObject({ code: 12 });
});

it('H2: both encodings on one port, with the same reading', async () => {
  const { url, received } = await start();
  for (const [type, body] of both) await post(url, body, { 'content-type': type });
  const [json, protobuf] = received;
  expect(json?.spans.map(plainSpan)).toEqual(protobuf?.spans.map(plainSpan));
  expect(json?.spans).toHaveLength(2);
});

describe('H3: the answer is of the content type of the request', () => {
  it.each([
    ['200', JSON_TYPE, encodeJson(good), 200],
    ['200', PROTOBUF_TYPE, encodeProtobuf(good), 200],
    ['400', JSON_TYPE, '{bad', 400],
    ['400', PROTOBUF_TYPE, 'bad', 400],
    ['413', JSON_TYPE, Buffer.alloc(LIMIT + 1), 413],
    ['413', PROTOBUF_TYPE, Buffer.alloc(LIMIT + 1), 413],
  ])('%s in %s', async (_, type, body, status) => {
    const { url } = await start();
    expect(await post(url, body, { 'content-type': type })).toMatchObject({ status, type });
  });
  it.each([JSON_TYPE, PROTOBUF_TYPE])('503, 404 and 415 in %s', async (type) => {
    const { url } = await start({
      consume: async () => {
        throw new SpanledgerError('ledger_unavailable', 'the disk is full');
      },
    });
    const headers = { 'content-type': type };
    expect(await post(url, '', headers)).toMatchObject({ status: 503, type });
    expect(await post(`${url}s`, '', headers)).toMatchObject({ status: 404, type });
    expect(await post(url, '', { ...headers, 'content-encoding': 'br' })).toMatchObject({ status: 415, type });
  });
});

it('H4: full success is {} in JSON and zero bytes in protobuf', async () => {
  const { url } = await start();
  expect((await post(url, encodeJson(good))).body.toString()).toBe('{}');
  expect((await post(url, encodeProtobuf(good), { 'content-type': PROTOBUF_TYPE })).body).toHaveLength(0);
});

it.each([
  [JSON_TYPE, '{}'],
  [JSON_TYPE, '{"resourceSpans":[]}'],
  [JSON_TYPE, ''],
  [PROTOBUF_TYPE, ''],
])('H5: an empty request is a success: %s "%s"', async (type, body) => {
  const { url } = await start();
  expect(await post(url, body, { 'content-type': type })).toMatchObject({ status: 200, type });
});

it('H6: no span is ever rejected: one that makes no sense is taken with its neighbours', async () => {
  const { url, received } = await start();
  const answer = await post(url, '{"resourceSpans":[{"scopeSpans":[{"spans":[5,{"name":"n"}]}]}]}');
  expect([answer.status, answer.body.toString()]).toEqual([200, '{}']);
  expect([received[0]?.unreadable, received[0]?.spans.length]).toEqual([1, 1]);
});

it('H7, H8: a warning comes as a partial success that rejected nothing', async () => {
  const warning = 'the backend says: quota exceeded';
  const { url } = await start({ consume: async () => ({ warning }) });
  const json = await post(url, encodeJson(good));
  expect([json.status, JSON.parse(json.body.toString())]).toEqual([200, { partialSuccess: { errorMessage: warning } }]);
  const protobuf = await post(url, encodeProtobuf(good), { 'content-type': PROTOBUF_TYPE });
  expect(protobuf.body.equals(message([1, message([2, warning])]))).toBe(true);
});

describe('H9, H10: what cannot be read is 400 with a Status, in the encoding of the request', () => {
  it.each([
    ['cut protobuf', PROTOBUF_TYPE, encodeProtobuf(good).subarray(0, 50)],
    ['JSON as protobuf', PROTOBUF_TYPE, encodeJson(good)],
    ['bad JSON', JSON_TYPE, '{bad'],
    ['an array at the top', JSON_TYPE, '[]'],
    ['protobuf as JSON', JSON_TYPE, encodeProtobuf(good)],
  ])('%s', async (_, type, body) => {
    const { url, received, counters } = await start();
    const answer = await post(url, body, { 'content-type': type });
    expect([answer.status, answer.type]).toEqual([400, type]);
    if (type === JSON_TYPE)
      expect(statusOf(answer.body)).toMatchObject({
        code: 3,
        message: expect.stringContaining('not an OTLP trace request') as string,
        details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: 'body' }] }],
      });
    else
      expect(readStatus(answer.body)).toEqual({
        code: 3,
        message: expect.stringContaining('not an OTLP trace request') as string,
        details: ['type.googleapis.com/google.rpc.BadRequest'],
      });
    expect(received).toEqual([]);
    expect(counters.get('refused_requests', 'malformed_otlp')).toBe(1);
  });
});

describe('H11, H12: what may pass is 503 with Retry-After, never 500', () => {
  it.each([
    ['the ledger away', new SpanledgerError('ledger_unavailable', 'the disk is full'), 'the disk is full'],
    [
      'an error of no kind',
      new TypeError('secret detail'),
      'an unexpected failure; the request was not taken, send it again',
    ],
  ])('%s', async (_, error, said) => {
    const { url, errors } = await start({
      consume: async () => {
        throw error;
      },
    });
    const answer = await post(url, encodeJson(good));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(statusOf(answer.body)).toEqual({
      code: 14,
      message: said,
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '5s' }],
    });
    expect(errors).toEqual([error]);
    const protobuf = await post(url, encodeProtobuf(good), { 'content-type': PROTOBUF_TYPE });
    expect([protobuf.status, protobuf.headers.get('retry-after')]).toEqual([503, '5']);
    expect(readStatus(protobuf.body)).toEqual({
      code: 14,
      message: said,
      details: ['type.googleapis.com/google.rpc.RetryInfo'],
    });
  });

  it('too much at once: one large request waits in memory, the next is asked to come again', async () => {
    const { began, resolve, consume } = held();
    const { url } = await start({ consume, lend: sharedMemory(1_500) });
    const first = post(url, encodeJson(good));
    await began;
    const second = await post(url, encodeJson(good));
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '5']);
    resolve();
    expect((await first).status).toBe(200);
    expect((await post(url, encodeJson(good))).status).toBe(200);
  });
});

describe('H13: the limit holds before and after decompression', () => {
  it('of a body with a length', async () => {
    const { url, counters } = await start();
    const answer = await post(url, Buffer.alloc(LIMIT + 1));
    expect(answer.status).toBe(413);
    expect(statusOf(answer.body)).toMatchObject({ code: 8, message: expect.stringContaining('0.02 MiB') as string });
    expect(counters.get('refused_requests', 'body_too_large')).toBe(1);
  });
  it('of a body without one', async () => {
    const { url } = await start();
    expect((await chunked(url, 10, LIMIT / 5)).status).toBe(413);
  });
  it('of a bomb in a bomb: it is unpacked once, and is no OTLP then', async () => {
    const { url, received } = await start();
    const bomb = gzipSync(gzipSync(Buffer.alloc(10_000_000)));
    expect((await post(url, bomb, { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await post(url, bomb, { 'content-encoding': 'gzip, gzip' })).status).toBe(415);
    expect(received).toEqual([]);
  });
  it.each([
    ['too short: what follows is no request', 2, '{}{"a":'],
    ['too long: the end never comes', 1_000, '{}'],
    ['above the limit: not one byte is waited for', LIMIT + 1, ''],
  ])('of a length that lies, %s', async (_, length, body) => {
    const { url, spans, errors } = await start();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const head = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: ${length}\r\n\r\n`;
    if (length <= LIMIT) socket.end(head + body);
    else socket.write(head);
    expect(await text(socket)).toMatch(length > LIMIT ? /^HTTP\/1\.1 413 / : /^$|^HTTP\/1\.1 400 /);
    expect([spans(), errors]).toEqual([[], []]);
  });
  it.each([
    ['gzip', 100],
    ['gzip', 10_000_000],
    ['zstd', 100],
    ['zstd', 10_000_000],
  ] as const)('of what %s makes of it: %i blanks', async (coding, zeros) => {
    const { url, received } = await start();
    const bomb = pack[coding](Buffer.alloc(zeros, ' '));
    expect(bomb.length).toBeLessThan(LIMIT);
    const answer = await post(url, bomb, { 'content-encoding': coding });
    // Blanks are no JSON: below the limit they are malformed, above it they are never looked at.
    expect(answer.status).toBe(zeros > LIMIT ? 413 : 400);
    expect(received).toEqual([]);
  });
  it('64 MiB unless set otherwise', async () => {
    const { url } = await start({ maxBody: undefined as unknown as number });
    const padded = Buffer.concat([encodeJson(good), Buffer.alloc(2_000_000, ' ')]);
    expect((await post(url, padded)).status).toBe(200);
    expect((await chunked(url, 65, 1 << 20)).status).toBe(413);
  });
});

it('H14: answers are small, whatever is said', async () => {
  const { url } = await start();
  const answer = await post(url, `{"resourceSpans":${'['.repeat(9_000)}`);
  expect(answer.status).toBe(400);
  expect(answer.body.length).toBeLessThan(4_096);
});

it('H14: the longest warning is cut', async () => {
  const { url } = await start({ consume: async () => ({ warning: 'w'.repeat(5_000_000) }) });
  expect((await post(url, encodeJson(good))).body.length).toBeLessThan(20_000);
});

it('H16: a long answer is compressed for who can read it', async () => {
  const { url } = await start({ consume: async () => ({ warning: 'w'.repeat(5_000) }) });
  const { headers } = await post(url, encodeJson(good), { 'accept-encoding': 'gzip' });
  expect([headers.get('content-encoding'), Number(headers.get('content-length'))]).toEqual([
    'gzip',
    expect.any(Number),
  ]);
  expect(Number(headers.get('content-length'))).toBeLessThan(1_000);
  for (const accepted of ['identity', 'gzip;q=0', 'deflate'])
    expect(
      (await post(url, encodeJson(good), { 'accept-encoding': accepted })).headers.get('content-encoding'),
    ).toBeNull();
});

it('H17: HTTP/2 is an option that is not taken: who asks for it goes on in HTTP/1.1', async () => {
  const { url, spans } = await start();
  const upgrade = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
  const answer = await raw(url, encodeJson(good), upgrade);
  expect([answer.statusCode, answer.httpVersion, spans().length]).toEqual([200, '1.1', 2]);
});

describe('H15: gzip and none', () => {
  it.each(both)('zstd too, in %s', async (type, body) => {
    const { url, spans } = await start();
    await post(url, zstdCompressSync(body), { 'content-type': type, 'content-encoding': 'zstd' });
    expect(spans()).toHaveLength(2);
  });
  it.each(both)('gzip in %s', async (type, body) => {
    const { url, spans } = await start();
    expect((await post(url, gzipSync(body), { 'content-type': type, 'content-encoding': 'gzip' })).status).toBe(200);
    expect((await post(url, body, { 'content-type': type, 'content-encoding': 'identity' })).status).toBe(200);
    expect(spans().slice(0, 2).map(plainSpan)).toEqual(spans().slice(2).map(plainSpan));
  });
  it('a body above a megabyte', async () => {
    const { url, spans } = await start({ maxBody: 1 << 24 });
    const body = Buffer.concat([encodeJson(good), Buffer.alloc(3_000_000, ' ')]);
    expect((await post(url, gzipSync(body), { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(spans()).toHaveLength(2);
  });
  it.each(['gzip', 'zstd'] as const)('%s that is none, or cut, is 400', async (coding) => {
    const { url } = await start();
    const cut = pack[coding](encodeJson(good)).subarray(0, 60);
    for (const body of ['none', cut]) {
      const answer = await post(url, body, { 'content-encoding': coding });
      expect([answer.status, statusOf(answer.body)]).toMatchObject([
        400,
        { message: expect.stringContaining(coding) as string },
      ]);
    }
  });
  it('anything else is 415 and says what is taken', async () => {
    const { url } = await start();
    const answer = await post(url, encodeJson(good), { 'content-encoding': 'br' });
    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'gzip, zstd, identity']);
  });
});

describe('J7: the media type', () => {
  it.each(['application/json; charset=utf-8', 'Application/JSON', ' application/json ;charset="UTF-8"'])(
    '%s',
    async (type) => {
      const { url, spans } = await start();
      expect((await post(url, encodeJson(good), { 'content-type': type })).status).toBe(200);
      expect(spans()).toHaveLength(2);
    },
  );
  it.each(['text/plain', 'application/x-www-form-urlencoded', ''])('"%s" is 415', async (type) => {
    const { url } = await start();
    const answer = await post(url, encodeJson(good), { 'content-type': type });
    expect([answer.status, answer.headers.get('accept')]).toEqual([415, `${PROTOBUF_TYPE}, ${JSON_TYPE}`]);
  });
});

it('refuses what a Spanledger forwarded: the pipeline runs in a circle', async () => {
  const { url, received, counters } = await start();
  const answer = await post(url, encodeJson(good), { 'x-spanledger-hop': '1' });
  expect([answer.status, statusOf(answer.body)]).toMatchObject([400, { code: 9 }]);
  expect(received).toEqual([]);
  expect(counters.get('refused_requests', 'loop')).toBe(1);
});

it('asks for a token where one is set', async () => {
  const access = accessBy([{ secret: 'a-secret-of-16-letters', scopes: ['ingest'] }], false);
  const { url, spans } = await start({ access });
  const refused = await post(url, encodeJson(good));
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="spanledger"']);
  expect((await post(url, encodeJson(good), { authorization: 'Bearer a-secret-of-16-letterz' })).status).toBe(401);
  expect((await post(url, encodeJson(good), { authorization: 'Bearer a-secret-of-16-letters' })).status).toBe(200);
  expect(spans()).toHaveLength(2);
});

it('stopping answers what has begun, and then takes nothing', async () => {
  const { began, resolve, consume } = held();
  const { url, receiver } = await start({ consume });
  const answer = post(url, encodeJson(good));
  await began;
  const stopped = receiver.stop();
  resolve();
  expect(await answer).toMatchObject({ status: 200 });
  await stopped;
  await expect(post(url, encodeJson(good))).rejects.toThrow('fetch failed');
  await receiver.stop();
});

it('says which address is taken, and how to choose another', async () => {
  const { receiver } = await start();
  const port = Number(new URL(receiver.url).port);
  await expect(
    startOtlpHttp({
      address: { host: '127.0.0.1', port },
      access: open,
      counters: createCounters(),
      onError: () => undefined,
      intake: intakeOf(async () => ({})),
    }),
  ).rejects.toMatchObject({
    code: 'address_in_use',
    message: `OTLP: can't listen on 127.0.0.1:${port}: something listens there already; stop it, or set listen.otlp in spanledger.yaml or SPANLEDGER_LISTEN_OTLP to another address`,
  });
});

/** A consumer that has begun, and does not end before it is told to. */
function held(): { began: Promise<void>; resolve: () => void; consume: Consume } {
  const began = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const consume = async (): Promise<object> => {
    began.resolve();
    await end.promise;
    return {};
  };
  return { began: began.promise, resolve: () => end.resolve(), consume };
}

function statusOf(body: Buffer): unknown {
  return JSON.parse(body.toString());
}

/** By Node's own client, which sends headers that fetch keeps to itself. */
async function raw(url: string, body: Uint8Array, headers: Record<string, string>): Promise<IncomingMessage> {
  const outgoing = httpRequest(url, { method: 'POST', headers: { 'content-type': JSON_TYPE, ...headers } });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.resume();
  return response;
}

/** Sends without a Content-Length. */
async function chunked(
  url: string,
  count: number,
  size: number,
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders }> {
  const outgoing = httpRequest(url, { method: 'POST', headers: { 'content-type': JSON_TYPE } });
  outgoing.on('error', () => undefined);
  const answered = once(outgoing, 'response');
  for (let i = 0; i < count; i++) outgoing.write(Buffer.alloc(size, ' '));
  outgoing.end();
  const [response] = (await answered) as [IncomingMessage];
  response.resume();
  return { status: response.statusCode, headers: response.headers };
}
