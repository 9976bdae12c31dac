/** Senders that are slow, and such as vanish without a word. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../support/ledger.ts';
import { startSink, type Sink } from '../../support/sink.ts';
import { countCalls, quantile, startLoad } from './load.ts';
import { report } from './report.ts';
import { serve, type Served } from './served.ts';

const SLOW = 300;
const isSoak = process.env['SPANLEDGER_SOAK'] !== undefined;
/** A request has two minutes; connections are looked at every half minute. */
const CUT_MS = 170_000;
const head = 'POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

async function start(env: Record<string, string> = {}): Promise<{ sink: Sink; served: Served; folder: string }> {
  const sink = await startSink();
  const folder = temporaryFolder();
  const served = await serve({ folder, env: { SPANLEDGER_FORWARD_ENDPOINT: sink.url, ...env } });
  onTestFinished(async () => {
    served.child.kill('SIGKILL');
    await sink.stop();
  });
  return { sink, served, folder };
}

/** So long as the processor may take to cut a connection. */
async function until(isDone: () => boolean): Promise<void> {
  for (const end = Date.now() + CUT_MS; !isDone() && Date.now() < end;) await sleep(500);
}

/** Half of them never end their headers, half never their body; a byte at a time. */
function slowSocket(port: number, index: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(index % 2 === 0 ? head : `${head}Content-Length: 1000000\r\n\r\n`);
  const drip = setInterval(() => socket.write(index % 2 === 0 ? 'x' : ' '), 200);
  socket.on('close', () => clearInterval(drip));
  return socket;
}

test(`${SLOW} senders of a byte at a time hold up nobody`, { timeout: CUT_MS + 60_000 }, async () => {
  const { sink, served, folder } = await start();
  const port = Number(new URL(served.url).port);
  let cut = 0;
  const sockets = Array.from({ length: SLOW }, (_, index) => slowSocket(port, index).on('close', () => cut++));
  await sleep(500);
  const load = startLoad(() => served.url, 4);
  await sleep(2_000);
  await load.stop();
  const peak = served.peakMiB();
  if (isSoak) await until(() => cut === SLOW);
  const cutBefore = cut;
  sockets.forEach((socket) => socket.destroy());
  await served.end('SIGTERM');
  const counts = await countCalls(load, join(folder, 'spanledger.db'), sink);
  const besides = `${SLOW} of a byte at a time; others waited ${quantile(load.waits, 0.99).toFixed(0)} ms at p99; at most ${peak} MiB`;
  report('slow senders', counts, isSoak ? `${besides}; ${cutBefore} cut after two minutes` : besides);
  expect([...load.answers.keys()]).toEqual(['200']);
  expect(quantile(load.waits, 0.99)).toBeLessThan(5_000);
  expect(peak).toBeLessThan(500);
  if (isSoak) expect(cutBefore).toBe(SLOW);
  expect(counts).toMatchObject({ acknowledged: counts.sent, inLedger: counts.sent, delivered: counts.sent });
});

const GONE = 50;
const place = `sl${process.pid}`;
const canUnplug = ((): boolean => {
  try {
    const ip = (line: string): void => void execFileSync('ip', line.split(' '), { stdio: 'ignore' });
    ip(`netns add ${place}`);
    ip(`link add ${place}a type veth peer name ${place}b`);
    ip(`link set ${place}b netns ${place}`);
    ip(`addr add 10.213.77.1/24 dev ${place}a`);
    ip(`link set ${place}a up`);
    ip(`-n ${place} addr add 10.213.77.2/24 dev ${place}b`);
    ip(`-n ${place} link set ${place}b up`);
    return true;
  } catch {
    return false;
  }
})();
if (!canUnplug) process.stderr.write('SKIPPED: no rights to make a network whose cable can be pulled\n');

test.skipIf(!canUnplug)(
  'senders whose cable is pulled in the middle of a request: nobody waits for them',
  { timeout: CUT_MS + 60_000 },
  async () => {
    onTestFinished(() => {
      execFileSync('ip', ['link', 'del', `${place}a`]);
      execFileSync('ip', ['netns', 'del', place]);
    });
    const env = { SPANLEDGER_LISTEN_OTLP: '10.213.77.1:0', SPANLEDGER_INSECURE: 'true' };
    const { sink, served, folder } = await start(env);
    const url = served.url.replace('127.0.0.1', '10.213.77.1');
    const port = new URL(url).port;
    const away = spawn('ip', [
      'netns',
      'exec',
      place,
      process.execPath,
      '-e',
      `
      let open = 0;
      for (let n = 0; n < ${GONE}; n++) {
        const socket = require('node:net').connect(${port}, '10.213.77.1', () => {
          socket.write(${JSON.stringify(`${head}Content-Length: 1000000\r\n\r\n{`)});
          if (++open === ${GONE}) console.log('open');
        });
      }`,
    ]);
    onTestFinished(() => void away.kill('SIGKILL'));
    await once(away.stdout, 'data');
    const half = (): number =>
      execFileSync('ss', ['-Htn', 'state', 'established', `sport = :${port}`], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => line.includes('10.213.77.2')).length;
    const before = half();
    // From now on not one packet comes or goes: no FIN, no RST.
    execFileSync('ip', ['-n', place, 'link', 'set', `${place}b`, 'down']);
    const load = startLoad(() => url, 4);
    await sleep(2_000);
    await load.stop();
    if (isSoak) await until(() => half() === 0);
    const left = half();
    const began = performance.now();
    await served.end('SIGTERM');
    const stopMs = performance.now() - began;
    const counts = await countCalls(load, join(folder, 'spanledger.db'), sink);
    const after = isSoak ? `${before - left} closed after two minutes` : `the end took ${(stopMs / 1000).toFixed(1)} s`;
    report('half-open connections', counts, `${before} whose cable was pulled; ${after}`);
    expect(before).toBe(GONE);
    expect(stopMs).toBeLessThan(15_000);
    if (isSoak) expect(left).toBe(0);
    expect(counts).toMatchObject({ acknowledged: counts.sent, inLedger: counts.sent, delivered: counts.sent });
  },
);
