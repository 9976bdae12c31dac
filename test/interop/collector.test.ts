import { execFileSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type App } from '../../processor/app.ts';
import { loadConfig } from '../../processor/config.ts';
import { startSink, type Sink } from '../support/sink.ts';
import { binary, buildCollector, freePort, missingCollector, onPorts, startCollector } from './support/collector.ts';

const missing = missingCollector();
if (missing !== undefined) process.stderr.write(`SKIPPED: otel-collector.yaml is not run for real: ${missing}\n`);

const config = join(import.meta.dirname, '../../otel-collector.yaml');
const folder = mkdtempSync(join(tmpdir(), 'spanledger-collector-'));

function chatSpan(): unknown {
  const start = BigInt(Date.now()) * 1_000_000n;
  const attributes = Object.entries({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.usage.input_tokens': 1250,
    'gen_ai.usage.output_tokens': 340,
    customer_id: 'acme',
  }).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: `${value}` } : { stringValue: value },
  }));
  const span = {
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: 'eee19b7ec3c1b174',
    name: 'chat gpt-4o',
    kind: 3,
    startTimeUnixNano: `${start}`,
    endTimeUnixNano: `${start + 1_000_000n}`,
    attributes,
  };
  return { resourceSpans: [{ resource: {}, scopeSpans: [{ scope: { name: 'test' }, spans: [span] }] }] };
}

describe.skipIf(missing !== undefined)('otel-collector.yaml, in a real Collector', () => {
  let sink: Sink;
  let app: App;
  let collector: ChildProcess;
  let apps: number;

  beforeAll(async () => {
    buildCollector();
    sink = await startSink();
    apps = await freePort();
    const enriched = await freePort();
    const listen = { SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0', SPANLEDGER_LISTEN_API: '127.0.0.1:0' };
    const forward = { SPANLEDGER_FORWARD_ENDPOINT: `http://127.0.0.1:${enriched}` };
    app = await startApp(loadConfig({ env: { ...listen, ...forward }, cwd: folder }));
    const ports = onPorts(folder, { apps, enriched, processor: Number(new URL(app.otlpUrl).port) });
    collector = await startCollector([config, ports], {
      BACKEND_OTLP_ENDPOINT: sink.url,
      COLLECTOR_STORAGE: join(folder, 'queue'),
    });
  }, 600_000);

  afterAll(async () => {
    collector?.kill();
    await app?.stop();
    await sink?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is valid', () => {
    execFileSync(binary, ['validate', '--config', config], { env: { ...process.env, COLLECTOR_STORAGE: folder } });
  });

  test('application → Collector → processor → Collector → backend: priced once, delivered with its cost', async () => {
    const response = await fetch(`http://127.0.0.1:${apps}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chatSpan()),
    });
    expect(response.status).toBe(200);
    const [span] = await sink.wait(1, 20_000);
    expect(span).toMatchObject({ attributes: { 'spanledger.cost.usd': 0.006525, customer_id: 'acme' } });
    const costs = await (await fetch(`${app.apiUrl}/api/v1/costs?by=customer_id`)).json();
    expect(costs).toMatchObject({ rows: [{ customer_id: 'acme', calls: 1, cost_usd: '0.006525' }] });
  });
});
