/** The backend is away while a real Collector sends: everything is billed at once, and delivered when it is back. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import { startApp, type App } from '../../../processor/app.ts';
import { loadConfig } from '../../../processor/config.ts';
import { startSink, type Sink } from '../../support/sink.ts';
import { buildCollector, freePort, missingCollector, onPorts, startCollector } from '../support/collector.ts';
import { CALLS, countCalls, startLoad } from './load.ts';
import { report } from './report.ts';

const missing = missingCollector();
const OUTAGE_MS = process.env['SPANLEDGER_SOAK'] === undefined ? 8_000 : 600_000;
const config = join(import.meta.dirname, '../../../otel-collector.yaml');
const folder = mkdtempSync(join(tmpdir(), 'spanledger-outage-'));
/** Ten minutes at the default pauses are as many attempts as eight seconds at these. */
const times = OUTAGE_MS > 60_000 ? {} : { firstWaitMs: 20, lastWaitMs: 400 };

describe.skipIf(missing !== undefined)('a backend that is away behind a real Collector', () => {
  let sink: Sink;
  let app: App;
  let collector: ChildProcess;
  afterAll(async () => {
    collector?.kill();
    await app?.stop();
    await sink?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('100 % billed while it is away, all delivered after', { timeout: OUTAGE_MS + 300_000 }, async () => {
    buildCollector();
    let isAway = false;
    sink = await startSink({ answer: () => (isAway ? { status: 503 } : {}) });
    const listen = { SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0', SPANLEDGER_LISTEN_API: '127.0.0.1:0' };
    app = await startApp(loadConfig({ env: { ...listen, SPANLEDGER_FORWARD_ENDPOINT: sink.url }, cwd: folder }), {
      log: pino({ level: 'silent' }),
      times,
    });
    const apps = await freePort();
    const processor = Number(new URL(app.otlpUrl).port);
    collector = await startCollector([config, onPorts(folder, { apps, enriched: await freePort(), processor })], {
      COLLECTOR_STORAGE: join(folder, 'queue'),
    });
    const calls = async (): Promise<number> => {
      const answer = await fetch(`${app.apiUrl}/api/v1/costs?from=2026-01-01&to=2028-01-01`);
      return ((await answer.json()) as { total: { calls: number } }).total.calls;
    };

    const load = startLoad(() => `http://127.0.0.1:${apps}`, 2, OUTAGE_MS / 400);
    await sleep(1_000);
    isAway = true;
    await sleep(OUTAGE_MS);
    await load.stop();
    for (const end = Date.now() + 20_000; (await calls()) < load.sent() * CALLS && Date.now() < end;) await sleep(100);
    const billedWhileAway = await calls();
    const deliveredWhileAway = sink.spans.length;
    isAway = false;
    const status = async (): Promise<{ forward: { failed_spans: number; backends: { spooled_spans: number }[] } }> =>
      (await (await fetch(`${app.apiUrl}/api/v1/status`)).json()) as Awaited<ReturnType<typeof status>>;
    for (const end = Date.now() + 120_000; Date.now() < end; await sleep(100))
      if ((await status()).forward.backends[0]?.spooled_spans === 0) break;
    const { forward } = await status();
    collector.kill();
    await app.stop();

    const counts = await countCalls(load, join(folder, 'spanledger.db'), sink);
    const besides = `for ${OUTAGE_MS / 1000} s; ${billedWhileAway} billed while it was away, ${counts.changed} changed`;
    report('backend away, behind a real Collector', counts, besides);
    expect(sink.spans.length).toBeGreaterThan(deliveredWhileAway);
    expect({ ...counts, billedWhileAway, failed: forward.failed_spans }).toMatchObject({
      acknowledged: counts.sent,
      inLedger: counts.sent,
      billedWhileAway: counts.sent,
      delivered: counts.sent,
      changed: 0,
      failed: 0,
    });
  });
});
