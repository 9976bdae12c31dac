/** How the process ends under load: the first signal loses nothing, the second ends it now. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../support/ledger.ts';
import { startSink } from '../../support/sink.ts';
import { freePort } from '../support/free-port.ts';
import { CALLS, countCalls, drained, startLoad } from './load.ts';
import { report } from './report.ts';
import { serve } from './served.ts';

const STOPS = 4;

test('SIGTERM under load: what was acknowledged is kept, what was not is sent again', async () => {
  const folder = temporaryFolder();
  let moody = true;
  const sink = await startSink({ answer: (n) => (moody && n % 5 === 0 ? { status: 503 } : { delayMs: 10 }) });
  onTestFinished(() => sink.stop());
  const port = await freePort();
  const env = { SPANLEDGER_LISTEN_OTLP: `127.0.0.1:${port}`, SPANLEDGER_FORWARD_ENDPOINT: sink.url };
  const load = startLoad(() => `http://127.0.0.1:${port}`, 8);
  const path = join(folder, 'spanledger.db');
  let slowest = 0;
  for (let stop = 0; stop < STOPS; stop++) {
    const served = await serve({ folder, env });
    await sleep(500 + Math.random() * 500);
    const began = performance.now();
    expect(await served.end('SIGTERM')).toBe(0);
    slowest = Math.max(slowest, performance.now() - began);
    // The file alone, with nobody to repair it.
    const acknowledged = load.acknowledged.size * CALLS;
    const { inLedger } = await countCalls(load, path, sink);
    expect(inLedger).toBeGreaterThanOrEqual(acknowledged);
  }
  moody = false;
  const last = await serve({ folder, env });
  await load.stop();
  await drained(last);
  await last.end('SIGTERM');
  const counts = await countCalls(load, path, sink);
  const besides = `${STOPS} stops, each within ${Math.ceil(slowest / 100) / 10} s and with exit code 0; ${counts.changed} requests changed`;
  report('SIGTERM under load', counts, besides);
  expect(counts).toMatchObject({ acknowledged: counts.sent, inLedger: counts.sent, changed: 0 });
  expect(counts.delivered).toBe(counts.sent);
  expect(slowest).toBeLessThan(8_000);
});

test('the second signal ends it now, whoever is in the middle of something; the first would take ten seconds', async () => {
  const served = await serve({ folder: temporaryFolder() });
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    'POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
  );
  await new Promise((resolve) => socket.once('data', resolve));
  served.child.kill('SIGTERM');
  await sleep(500);
  expect(served.child.exitCode).toBeNull();
  const began = performance.now();
  expect(await served.end('SIGTERM')).toBe('SIGTERM');
  expect(performance.now() - began).toBeLessThan(1_000);
});
