/**
 * How long it takes from the end of a call until guards know what it has cost: `npm run bench -- feed`. A whole processor whose
 * three budgets have a key for each of 100,000 customers, and an application of its own process with the preload as it is by
 * default; the provider answers at once.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startApp } from '../../processor/app.ts';
import { defaultConfig } from '../../processor/config.ts';
import { appFile, preload } from '../instrumentation/run-app.ts';
import { openEvents } from '../support/events.ts';
import { chatSpan, encodeProtobuf, request } from '../support/otlp.ts';
import { startProvider } from '../support/provider.ts';

const customers = Number(process.argv[2] ?? 100_000);
const calls = 150;
const mostMs = 2000;
const A_REQUEST = 1000;

const folder = mkdtempSync(join(tmpdir(), 'spanledger-feed-'));
const rule = (budget: string, period: string): string => `      - budget: ${budget}
        by: [customer_id]
        amount: 0.01 USD
        period: ${period}
        max_keys: 1000000
        thresholds: [{ at: 100%, severity: info, action: { cap: {} } }]
`;
const rules = ['hour', 'day', 'month'].map((period) => rule(`by-${period}`, period)).join('');
writeFileSync(join(folder, 'budgets.yaml'), `groups:\n  - name: g\n    rules:\n${rules}`);
const any = { host: '127.0.0.1', port: 0 };
const app = await startApp(
  {
    ...defaultConfig(),
    listen: { ...defaultConfig().listen, otlp: any, grpc: undefined, api: any },
    ledger: join(folder, 'spanledger.db'),
    budgets: join(folder, 'budgets.yaml'),
  },
  { log: pino({ level: 'silent' }) },
);
for (let from = 0; from < customers; from += A_REQUEST) {
  const start = BigInt(Date.now()) * 1_000_000n;
  const spans = Array.from({ length: Math.min(A_REQUEST, customers - from) }, (_, at) =>
    Object.assign(chatSpan(from + at + 1, { 'spanledger.customer_id': `before-${from + at}` }), { start, end: start }),
  );
  const headers = { 'content-type': 'application/x-protobuf' };
  const body = new Uint8Array(encodeProtobuf(request(...spans)));
  const { status } = await fetch(`${app.otlpUrl}/v1/traces`, { method: 'POST', headers, body });
  if (status !== 200) throw new Error(`the processor answered ${status}`);
}
const events = await openEvents(`${app.apiUrl}/api/v1/budgets/state`);
await events.next('ready');
const toldOf = (): number => events.events.flatMap(({ data }) => (data['keys'] as unknown[] | undefined) ?? []).length;
if (toldOf() !== customers * 3) throw new Error(`${toldOf()} keys were told, not ${customers * 3}`);

const usage = { input: 2000, output: 600 };
const provider = await startProvider({ models: { 'claude-haiku-4-5': { usage } } });
const child = spawn(process.execPath, ['--no-warnings', '--require', preload, appFile('guarded.mjs')], {
  env: {
    PATH: process.env['PATH'],
    PROVIDER: provider.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: app.otlpUrl,
    SPANLEDGER_API_ENDPOINT: app.apiUrl,
    SPANLEDGER_GUARD: 'cap',
  },
  stdio: ['pipe', 'pipe', 'inherit'],
});
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const ended = new Map<string, number>();
const took: number[] = [];
let read = events.events.length;
const watching = setInterval(() => {
  const now = performance.now();
  for (const { data } of events.events.slice(read))
    for (const [, , , [customer = ''] = []] of (data['keys'] ?? []) as [number, number, string, string[]][]) {
      const from = ended.get(customer);
      ended.delete(customer);
      if (from !== undefined) took.push(now - from);
    }
  read = events.events.length;
}, 5);
for (let at = 0; at < calls; at++) {
  const customer = `new-${at}`;
  child.stdin.write(`${JSON.stringify({ kind: 'anthropic', customer, model: 'claude-haiku-4-5' })}\n`);
  const { value } = (await answers.next()) as { value: string };
  if (!value.includes('"ok"')) throw new Error(`a call was answered with ${value}`);
  ended.set(customer, performance.now());
  await sleep((at * 37) % 100);
}
for (const from = performance.now(); ended.size > 0 && performance.now() - from < 10_000;) await sleep(20);
clearInterval(watching);
child.kill();
events.close();
await app.stop();
await provider.stop();
rmSync(folder, { recursive: true });
if (took.length !== calls) throw new Error(`of ${calls} calls ${took.length} were told`);
const sorted = took.toSorted((a, b) => a - b);
const share = (part: number): string => (sorted[Math.floor(calls * part)] ?? 0).toFixed(0);
console.log(
  `${(customers * 3).toLocaleString('en-US')} keys of 3 budgets, ${calls} calls: known to guards after ${share(0.5)} ms, p95 ${share(0.95)} ms (at most ${mostMs} ms)`,
);
if ((sorted[Math.floor(calls * 0.95)] ?? Infinity) > mostMs) process.exitCode = 1;
