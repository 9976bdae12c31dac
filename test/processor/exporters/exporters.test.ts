/** All of forwarding, against real servers: what a backend answers, and what becomes of the spans. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startExporters, type Exporters, type ForwardTarget, type Parcel } from '../../../processor/exporters/index.ts';
import { createCounters } from '../../../processor/metrics.ts';
import { temporaryFolder } from '../../support/ledger.ts';
import { chatSpan, encodeJson, encodeProtobuf, request } from '../../support/otlp.ts';
import { decodeProtobuf } from '../../support/sink/protobuf.ts';
import { startSink, type Sink, type SinkOptions, type SinkRequest } from '../../support/sink.ts';

const PLAIN = encodeProtobuf(request(chatSpan(99)));
const counters = createCounters();

async function start(
  targets: readonly (Partial<ForwardTarget> & { endpoint: string })[],
  directory = temporaryFolder(),
): Promise<Exporters> {
  const exporters = await startExporters({
    targets: targets.map((target, index) => ({ name: `b${index}`, headers: {}, ...target })),
    directory,
    plain: () => PLAIN,
    counters,
    log: pino({ level: 'silent' }),
    times: { liveMs: 300, drainMs: 1_000, firstWaitMs: 10, lastWaitMs: 40 },
  });
  onTestFinished(() => exporters.stop());
  return exporters;
}

async function sink(options: SinkOptions = {}): Promise<Sink> {
  const started = await startSink(options);
  onTestFinished(() => started.stop());
  return started;
}

function parcel(...numbers: readonly number[]): Parcel {
  const body = encodeProtobuf(request(...numbers.map((n) => chatSpan(n))));
  return { signal: 'traces', encoding: 'protobuf', body, items: numbers.length };
}

async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !what(); await sleep(5)) if (Date.now() > end) throw new Error('never');
}

const isEmpty = (exporters: Exporters) => (): boolean => exporters.states().every(({ items }) => items === 0);
const spanIds = (requests: readonly SinkRequest[]): string[] =>
  requests.flatMap(({ body }) => decodeProtobuf(body).map(({ spanId }) => spanId));

it('D4: a backend that is away: spooled at once, delivered with equal bytes when it is back, after a restart too', async () => {
  let isUp = false;
  const { url, requests } = await sink({ answer: () => ({ status: isUp ? 200 : 503 }) });
  const directory = temporaryFolder();
  const first = await start([{ endpoint: url }], directory);
  const parcels = [parcel(1), parcel(2, 3), parcel(4)];
  for (const each of parcels) expect(await first.forward(each)).toEqual({});
  await first.stop();
  const second = await start([{ endpoint: url }], directory);
  expect(second.states()).toMatchObject([{ name: 'b0', items: 4 }]);
  isUp = true;
  await until(isEmpty(second));
  const delivered = requests.slice(-3).map(({ body }) => Buffer.from(body).toString('hex'));
  expect(delivered).toEqual(parcels.map(({ body }) => Buffer.from(body).toString('hex')));
  // Live again: nothing waits.
  await second.forward(parcel(5));
  expect([spanIds(requests).at(-1), isEmpty(second)()]).toEqual([chatSpan(5).spanId, true]);
});

it('one that is away holds up nobody: neither the other backend, nor the sender for more than a moment', async () => {
  const away = await sink({ answer: () => ({ delayMs: 5_000 }) });
  const there = await sink();
  const exporters = await start([{ endpoint: away.url }, { endpoint: there.url }]);
  await exporters.forward(parcel(1));
  const started = performance.now();
  for (let n = 2; n < 30; n++) await exporters.forward(parcel(n));
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(there.spans).toHaveLength(29);
  expect(exporters.states().map(({ items }) => items)).toEqual([29, 0]);
});

describe('D2: a backend that refuses', () => {
  it('gets the bytes once more as they were sent to us, and may take them', async () => {
    const { url, requests } = await sink({ answer: (n) => ({ status: n === 1 ? 400 : 200 }) });
    const exporters = await start([{ endpoint: url }]);
    const original = encodeProtobuf(request(chatSpan(7)));
    await exporters.forward({ ...parcel(1), original });
    expect(requests).toHaveLength(2);
    expect(Buffer.from(requests[1]?.body ?? []).equals(original)).toBe(true);
    expect(isEmpty(exporters)()).toBe(true);
  });

  it('for good: the request is a dead letter, the next one goes through', async () => {
    const poison = chatSpan(13).spanId ?? '';
    const { url, spans } = await sink({
      answer: (_, { body }) => ({ status: spanIds([{ body } as SinkRequest]).includes(poison) ? 400 : 200 }),
    });
    const directory = temporaryFolder();
    const exporters = await start([{ endpoint: url }], directory);
    const before = counters.get('forward_failed_spans');
    const original = encodeProtobuf(request(chatSpan(13)));
    expect(await exporters.forward({ ...parcel(13, 14), original })).toEqual({});
    await exporters.forward(parcel(15));
    expect(spans.map(({ spanId }) => spanId)).toEqual([chatSpan(15).spanId]);
    const letter = JSON.parse(readFileSync(join(directory, 'b0', 'dead-letters.jsonl'), 'utf8')) as { body: string };
    expect(letter).toMatchObject({ reason: `${url}/v1/traces answered 400`, items: 2 });
    expect(Buffer.from(letter.body, 'base64').equals(parcel(13, 14).body)).toBe(true);
    expect(counters.get('forward_failed_spans') - before).toBe(2);
  });

  it('a poisoned request in the spool holds up none behind it, and is tried without our attributes', async () => {
    const poison = chatSpan(13).spanId ?? '';
    let isUp = false;
    const answer = (_: number, { body }: SinkRequest): { status: number } => {
      if (!isUp) return { status: 503 };
      return { status: spanIds([{ body } as SinkRequest]).includes(poison) ? 422 : 200 };
    };
    const { url, requests, spans } = await sink({ answer });
    const exporters = await start([{ endpoint: url }]);
    for (const n of [1, 13, 2]) await exporters.forward(parcel(n));
    isUp = true;
    await until(isEmpty(exporters));
    expect(spans.map(({ spanId }) => spanId)).toEqual([1, 99, 2].map((n) => chatSpan(n).spanId));
    expect(requests.some(({ body }) => Buffer.from(body).equals(PLAIN))).toBe(true);
  });
});

it.each(['protobuf', 'json'] as const)('too large for a backend, in %s: split until it fits', async (encoding) => {
  const { url, spans } = await sink({ answer: (_, { body }) => ({ status: body.length > 1_600 ? 413 : 200 }) });
  const exporters = await start([{ endpoint: url }]);
  const many = request(...Array.from({ length: 13 }, (_, n) => chatSpan(n)));
  const body = encoding === 'json' ? encodeJson(many) : encodeProtobuf(many);
  await exporters.forward({ signal: 'traces', encoding, body, items: 13 });
  expect(spans.map(({ spanId }) => spanId)).toEqual(Array.from({ length: 13 }, (_, n) => chatSpan(n).spanId));
});

it('one span that is too large for a backend is a dead letter', async () => {
  const { url, requests } = await sink({ answer: () => ({ status: 413 }) });
  const exporters = await start([{ endpoint: url }]);
  const before = counters.get('dead_letter_spans');
  await exporters.forward(parcel(1, 2, 3));
  expect(counters.get('dead_letter_spans') - before).toBe(3);
  expect(requests.length).toBeLessThanOrEqual(6);
});

it('full, with on_full: refuse: the sender is asked to come again, and readiness says why', async () => {
  const { url } = await sink({ answer: () => ({ status: 503 }) });
  const exporters = await start([{ endpoint: url, spool: { maxBytes: 600, onFull: 'refuse' } }]);
  await exporters.forward(parcel(1));
  await expect(exporters.forward(parcel(1, 2))).rejects.toMatchObject({ code: 'spool_full' });
  expect(exporters.blocked()).toContain('is full');
});

it('a backend that takes no logs holds up neither its own traces nor the logs of others', async () => {
  const away = await sink({ answer: (_, { path }) => ({ status: path === '/v1/logs' ? 404 : 200 }) });
  const all = await sink();
  const exporters = await start([{ endpoint: away.url }, { endpoint: all.url }]);
  const logs: Parcel = { ...parcel(1), signal: 'logs' };
  await exporters.forward(logs);
  await exporters.forward(logs);
  await exporters.forward(parcel(2));
  expect(exporters.states()).toMatchObject([{ items: 2 }, { items: 0 }]);
  expect(away.requests.filter(({ path }) => path === '/v1/traces')).toHaveLength(1);
  expect(all.requests.map(({ path }) => path)).toEqual(['/v1/logs', '/v1/logs', '/v1/traces']);
});

it('a backend gets the signals that are meant for it', async () => {
  const [traces, metrics] = [await sink(), await sink()];
  const exporters = await start([
    { endpoint: traces.url, signals: ['traces'] },
    { endpoint: metrics.url, signals: ['metrics'] },
  ]);
  for (const signal of ['traces', 'logs', 'metrics'] as const) await exporters.forward({ ...parcel(1), signal });
  expect([traces, metrics].map(({ requests }) => requests.map(({ path }) => path))).toEqual([
    ['/v1/traces'],
    ['/v1/metrics'],
  ]);
});

it('D3: nothing is asked of a backend again before it wants to be', async () => {
  let asked = 0;
  const { url } = await sink({ answer: () => (asked++, { status: 429, headers: { 'retry-after': '60' } }) });
  const exporters = await start([{ endpoint: url }]);
  await exporters.forward(parcel(1));
  await until(() => asked === 2);
  await exporters.forward(parcel(2));
  await sleep(150);
  expect(asked).toBe(2);
});
