/** The processor is killed at random points under load, while its backend comes and goes. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { startSink } from '../../support/sink.ts';
import { freePort } from '../support/collector.ts';
import { countCalls, startLoad } from './load.ts';
import { report } from './report.ts';
import { serve } from './served.ts';

const KILLS = process.env['SPANLEDGER_SOAK'] === undefined ? 5 : 50;
const folder = mkdtempSync(join(tmpdir(), 'spanledger-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spooled = (): number =>
  readdirSync(join(folder, 'spanledger.db.spool/backend')).filter((name) => name.endsWith('.segment')).length;

test(
  `kill -9, ${KILLS} times: what was acknowledged is in the ledger once, and in the backend with equal bytes`,
  { timeout: KILLS * 10_000 },
  async () => {
    // Away for about half of the time, with answers that differ.
    let mood = 0;
    const answers = [{}, { status: 503 }, {}, { status: 429 }, {}, { delayMs: 30 }, {}, { status: 404 }] as const;
    const sink = await startSink({ answer: () => answers[Math.floor(mood) % answers.length] ?? {} });
    const port = await freePort();
    const env = {
      SPANLEDGER_LISTEN_OTLP: `127.0.0.1:${port}`,
      SPANLEDGER_LISTEN_API: '127.0.0.1:0',
      SPANLEDGER_FORWARD_ENDPOINT: sink.url,
    };
    const load = startLoad(() => `http://127.0.0.1:${port}`, 4, 5);
    for (let kill = 0; kill < KILLS; kill++) {
      const served = await serve({ folder, env });
      for (const end = Date.now() + 100 + Math.random() * 900; Date.now() < end; mood += Math.random()) await sleep(60);
      await served.end('SIGKILL');
    }
    const last = await serve({ folder, env });
    mood = 0;
    await load.stop();
    for (const end = Date.now() + 60_000; spooled() > 0 && Date.now() < end;) await sleep(50);
    await last.end('SIGTERM');

    const counts = await countCalls(load, join(folder, 'spanledger.db'), sink);
    const besides = `${KILLS} kills; ${counts.repeated} requests came to the backend more than once, ${counts.changed} of them changed`;
    report('killed (`kill -9`) at random under load', counts, besides);
    expect(counts).toMatchObject({
      acknowledged: counts.sent,
      inLedger: counts.sent,
      total: BigInt(counts.sent) * 4_000_000_000_000n,
      delivered: counts.sent,
      changed: 0,
    });
    expect(counts.sent).toBeGreaterThan(KILLS * 10);
    await sink.stop();
  },
);
