/** Backends that refuse, that take little, and that never answer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../support/ledger.ts';
import { chatSpan } from '../../support/otlp.ts';
import { decodeProtobuf } from '../../support/sink/protobuf.ts';
import { startSink, type Sink, type SinkOptions } from '../../support/sink.ts';
import { CALLS, countCalls, drained, quantile, startLoad } from './load.ts';
import { report } from './report.ts';
import { serve, type Served } from './served.ts';

async function start(answer: SinkOptions['answer']): Promise<{ sink: Sink; served: Served; folder: string }> {
  const sink = await startSink(answer === undefined ? {} : { answer });
  const folder = temporaryFolder();
  const served = await serve({ folder, env: { SPANLEDGER_FORWARD_ENDPOINT: sink.url } });
  onTestFinished(async () => {
    served.child.kill('SIGKILL');
    await sink.stop();
  });
  return { sink, served, folder };
}

test('one poisoned request is a dead letter; all others are delivered', async () => {
  const poison = chatSpan(7 * CALLS).spanId;
  const { sink, served, folder } = await start((_, { body }) => ({
    status: decodeProtobuf(body).some(({ spanId }) => spanId === poison) ? 400 : 200,
  }));
  const load = startLoad(() => served.url, 4);
  await sleep(1_500);
  await load.stop();
  await served.end('SIGTERM');
  const counts = await countCalls(load, join(folder, 'spanledger.db'), {
    ...sink,
    requests: sink.requests.filter(({ body }) => decodeProtobuf(body).every(({ spanId }) => spanId !== poison)),
  });
  const letters = readFileSync(join(folder, 'spanledger.db.spool/backend/dead-letters.jsonl'), 'utf8')
    .trim()
    .split('\n');
  report('backend refuses one poisoned request', counts, `${letters.length} dead letter of ${CALLS} calls`);
  expect(letters).toHaveLength(1);
  const { body } = JSON.parse(letters[0] ?? '') as { body: string };
  expect(decodeProtobuf(Buffer.from(body, 'base64')).map(({ spanId }) => spanId)).toContain(poison);
  expect(counts).toMatchObject({ acknowledged: counts.sent, inLedger: counts.sent, delivered: counts.sent - CALLS });
});

test('a backend that takes only small requests gets them in parts', async () => {
  const { sink, served, folder } = await start((_, { body }) => ({ status: body.length > 1_300 ? 413 : 200 }));
  const load = startLoad(() => served.url, 4);
  await sleep(1_500);
  await load.stop();
  await served.end('SIGTERM');
  const taken = sink.requests.filter(({ body }) => body.length <= 1_300);
  const counts = await countCalls(load, join(folder, 'spanledger.db'), { ...sink, requests: taken });
  report('backend takes only small requests', counts, `in ${taken.length} requests instead of ${load.sent()}`);
  expect(taken.length).toBeGreaterThan(load.sent());
  expect(counts).toMatchObject({ acknowledged: counts.sent, inLedger: counts.sent, delivered: counts.sent });
});

test('a backend that never answers holds up nobody for long, and gets everything when it is back', async () => {
  let stalled = true;
  const { sink, served, folder } = await start(() => (stalled ? { status: 503, delayMs: 60_000 } : {}));
  const load = startLoad(() => served.url, 16);
  await sleep(4_000);
  await load.stop();
  const peak = served.peakMiB();
  stalled = false;
  await sink.stop();
  // The same address, answering now.
  const back = await startSink({ port: Number(new URL(sink.url).port) });
  onTestFinished(() => back.stop());
  await drained(served);
  await served.end('SIGTERM');
  const counts = await countCalls(load, join(folder, 'spanledger.db'), back);
  const slowest = Math.max(...load.waits);
  const besides = `the slowest acknowledgement ${Math.round(slowest)} ms, half of them ${quantile(load.waits, 0.5).toFixed(1)} ms; at most ${peak} MiB`;
  report('backend stalls', counts, besides);
  expect(slowest).toBeLessThan(4_000);
  expect(quantile(load.waits, 0.5)).toBeLessThan(500);
  expect(peak).toBeLessThan(600);
  expect(counts).toMatchObject({ acknowledged: counts.sent, inLedger: counts.sent, delivered: counts.sent });
});
