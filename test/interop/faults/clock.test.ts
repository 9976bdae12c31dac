/** The clock on the wall jumps back by a day under load, while the backend is away. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../support/ledger.ts';
import { startSink } from '../../support/sink.ts';
import { countCalls, drained, startLoad } from './load.ts';
import { report } from './report.ts';
import { serve } from './served.ts';

test('a clock that is set back by a day: nothing is lost, counted twice or held up', async () => {
  const folder = temporaryFolder();
  let away = true;
  const sink = await startSink({ answer: () => (away ? { status: 503, headers: { 'retry-after': '1' } } : {}) });
  const flags = ['--import', join(import.meta.dirname, 'clock.mjs')];
  const served = await serve({ folder, flags, env: { SPANLEDGER_FORWARD_ENDPOINT: sink.url } });
  onTestFinished(async () => {
    served.child.kill('SIGKILL');
    await sink.stop();
  });
  const now = async (): Promise<number> =>
    Date.parse(((await (await fetch(`${served.apiUrl}/api/v1/status`)).json()) as { now: string }).now);
  const load = startLoad(() => served.url, 4);
  await sleep(700);
  const before = await now();
  served.child.kill('SIGUSR2');
  await sleep(700);
  const after = await now();
  away = false;
  await sleep(700);
  await load.stop();
  await drained(served);
  await served.end('SIGTERM');
  const counts = await countCalls(load, join(folder, 'spanledger.db'), sink);
  report('clock set back by a day', counts, `while the backend was away; ${counts.changed} requests changed`);
  expect(after).toBeLessThan(before - 80_000_000);
  expect([...load.answers.keys()]).toEqual(['200']);
  expect(counts).toMatchObject({
    acknowledged: counts.sent,
    inLedger: counts.sent,
    delivered: counts.sent,
    changed: 0,
  });
});
