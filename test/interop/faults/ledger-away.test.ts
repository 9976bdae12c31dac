/** The ledger can't be written: another process holds it, the disk is full, it stalls while large requests come. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../support/ledger.ts';
import { chatSpan, encodeProtobuf, request } from '../../support/otlp.ts';
import { startSink, type Sink } from '../../support/sink.ts';
import { CALLS, countCalls, drained, quantile, send, startLoad, type Load } from './load.ts';
import { report } from './report.ts';
import { serve, type Served } from './served.ts';

async function start(folder: string): Promise<{ sink: Sink; served: Served }> {
  const sink = await startSink();
  const served = await serve({ folder, env: { SPANLEDGER_FORWARD_ENDPOINT: sink.url } });
  onTestFinished(async () => {
    served.child.kill('SIGKILL');
    await sink.stop();
  });
  return { sink, served };
}

/** Asks for the health while `isOn`: how long it took each time, and how often readiness was refused. */
async function watch(
  { apiUrl }: Served,
  isOn: () => boolean,
): Promise<{ waits: number[]; notReady: number; said: string }> {
  const waits: number[] = [];
  let notReady = 0;
  let said = '';
  while (isOn()) {
    const began = performance.now();
    await (await fetch(`${apiUrl}/healthz`)).arrayBuffer();
    waits.push(performance.now() - began);
    const ready = await fetch(`${apiUrl}/readyz`);
    const text = await ready.text();
    if (ready.status === 503) {
      notReady++;
      said = text;
    }
    await sleep(20);
  }
  return { waits, notReady, said };
}

const told = (load: Load): number => load.answers.get('503+') ?? 0;

test('locked by another process: senders keep their spans and come again, nobody else waits', async () => {
  const folder = temporaryFolder();
  const { sink, served } = await start(folder);
  const load = startLoad(() => served.url, 8);
  await sleep(500);
  const other = new DatabaseSync(join(folder, 'spanledger.db'));
  other.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
  let locked = true;
  const watching = watch(served, () => locked);
  await sleep(4_000);
  locked = false;
  other.exec('ROLLBACK');
  other.close();
  const { waits, notReady, said } = await watching;
  await sleep(500);
  await load.stop();
  await served.end('SIGTERM');
  const counts = await countCalls(load, join(folder, 'spanledger.db'), sink);
  const besides = `for 4 s; 503 with Retry-After ${told(load)} times; health checks took ${quantile(waits, 0.99).toFixed(0)} ms at p99`;
  report('ledger locked by another process', counts, besides);
  expect(told(load)).toBeGreaterThan(4);
  expect([...load.answers.keys()].toSorted()).toEqual(['200', '503+']);
  expect(notReady).toBeGreaterThan(0);
  expect(said).toMatch(/lock/);
  expect(quantile(waits, 0.9)).toBeLessThan(300);
  expect(counts).toMatchObject({ acknowledged: counts.sent, inLedger: counts.sent, delivered: counts.sent });
});

const canMount = process.getuid?.() === 0 && process.platform === 'linux';
if (!canMount) process.stderr.write('SKIPPED: no rights to mount a small file system that fills up\n');

test.skipIf(!canMount)('a disk that is full: 503 until there is room again', async () => {
  const folder = join(temporaryFolder(), 'disk');
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  const { sink, served } = await start(folder);
  const load = startLoad(() => served.url, 8);
  for (const end = Date.now() + 60_000; told(load) < 20 && Date.now() < end;) await sleep(50);
  const ready = await fetch(`${served.apiUrl}/readyz`);
  const said = await ready.text();
  execFileSync('mount', ['-o', 'remount,size=64m', folder]);
  await sleep(500);
  await load.stop();
  let again = 503;
  // The answer is kept for a moment.
  for (const end = Date.now() + 20_000; again === 503 && Date.now() < end; await sleep(100)) {
    const asked = await fetch(`${served.apiUrl}/readyz`);
    await asked.arrayBuffer();
    again = asked.status;
  }
  await served.end('SIGTERM');
  const counts = await countCalls(load, join(folder, 'spanledger.db'), sink);
  report('disk full', counts, `503 with Retry-After ${told(load)} times, then room again`);
  expect([ready.status, again]).toEqual([503, 200]);
  expect(said).toMatch(/full/);
  expect([...load.answers.keys()].toSorted()).toEqual(['200', '503+']);
  expect(counts).toMatchObject({ acknowledged: counts.sent, inLedger: counts.sent, delivered: counts.sent });
});

test('a ledger that stalls under large requests: the memory is bounded, and whoever is too much comes again', async () => {
  const folder = temporaryFolder();
  const { sink, served } = await start(folder);
  const other = new DatabaseSync(join(folder, 'spanledger.db'));
  other.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
  const LARGE = 48;
  const blank = 'x'.repeat(8 << 20);
  const bodyOf = (n: number): Buffer => encodeProtobuf(request(chatSpan(n, { 'app.blob': blank })));
  const answers = new Map<string, number>();
  const acknowledged = new Set<number>();
  // 384 MiB at once, of 256 MiB that may be held.
  const sending = Array.from({ length: LARGE }, async (_, n) => {
    const body = bodyOf(n);
    for (;;) {
      const answer = await send(served.url, body);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (answer === '200') break;
      await sleep(200);
    }
    acknowledged.add(n);
  });
  await sleep(3_000);
  other.exec('ROLLBACK');
  other.close();
  await Promise.all(sending);
  const peak = served.peakMiB();
  await drained(served);
  await served.end('SIGTERM');
  const all = await countCalls(
    { acknowledged, sent: () => sending.length, answers, waits: [], stop: async () => undefined },
    join(folder, 'spanledger.db'),
    sink,
  );
  const counts = { ...all, sent: all.sent / CALLS, acknowledged: all.acknowledged / CALLS };
  const refused = answers.get('503+') ?? 0;
  report(
    'ledger stalls under large requests',
    counts,
    `${LARGE} of 8 MiB; at most ${peak} MiB; 503 with Retry-After ${refused} times`,
  );
  expect(refused).toBeGreaterThan(0);
  expect(peak).toBeLessThan(1_200);
  expect(counts).toMatchObject({ acknowledged: LARGE, inLedger: LARGE, delivered: LARGE });
});
