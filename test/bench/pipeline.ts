/**
 * Whole processors over loopback HTTP, with ledger, rollups and forwarding: ours, the same server reading and writing with
 * protobufjs 8, a proxy that decodes nothing, and the OpenTelemetry Collector (otlp → attributes → otlphttp) where it has been
 * built by the interop suite: `npm run bench -- pipeline`.
 *
 * Every side gets the same requests of 512 spans, all different, 30 % of them LLM calls, by four connections; CPU time of all
 * its threads; the median of five rounds. What the backend and the ledger got is compared first.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSqliteLedger } from '../../processor/stores/sqlite.ts';
import { binary, freePort, startCollector } from '../interop/support/collector.ts';
import { decodeProtobuf } from '../support/sink/protobuf.ts';
import { payload, SPANS } from './otlp/payload.ts';

const ROUNDS = 5;
const REQUESTS = 48;
const CONNECTIONS = 4;
const HALF_LOAD_MS = 5_000;
const folder = mkdtempSync(join(tmpdir(), 'spanledger-pipeline-'));
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

/** The backend: takes everything at once. */
const taken: Buffer[] = [];
const sink = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    taken.push(Buffer.concat(chunks));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
}).listen(0, '127.0.0.1');
await once(sink, 'listening');
const backend = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;

interface Side {
  readonly name: string;
  readonly url: string;
  readonly child: ChildProcess;
  readonly ledger: string | undefined;
  readonly said: () => string;
}

async function startSide(name: string): Promise<Side> {
  const place = mkdtempSync(join(folder, `${name}-`));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'pipeline/servers.ts'), name, backend, place], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  while (!said.includes('\n')) await once(child.stdout, 'data');
  const ledger = name === 'proxy' ? undefined : join(place, 'spanledger.db');
  return { name, url: said.trim(), child, ledger, said: () => said };
}

/** What comes nearest to ours: two constant attributes on every LLM call; no prices, no ledger. One core, as ours has. */
async function startOther(): Promise<Side> {
  const port = await freePort();
  const path = join(folder, 'collector.yaml');
  writeFileSync(
    path,
    `receivers: { otlp: { protocols: { http: { endpoint: '127.0.0.1:${port}' } } } }
processors:
  attributes:
    include: { match_type: strict, attributes: [{ key: gen_ai.operation.name }] }
    actions:
      - { key: spanledger.cost.usd, value: 0.001, action: upsert }
      - { key: spanledger.cost.status, value: priced, action: upsert }
exporters:
  otlphttp: { endpoint: '${backend}', compression: none, sending_queue: { enabled: false } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], processors: [attributes], exporters: [otlphttp] } }
`,
  );
  const child = await startCollector([path], { GOMAXPROCS: '1' });
  return { name: 'collector', url: `http://127.0.0.1:${port}`, child, ledger: undefined, said: () => '' };
}

/** Milliseconds to the acknowledgement. */
function post(url: string, body: Buffer): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
    httpRequest(`${url}/v1/traces`, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - began);
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    })
      .on('error', reject)
      .end(body);
  });
}

async function sendAll(url: string, bodies: readonly Buffer[]): Promise<void> {
  const left = bodies.values();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (const body of left) await post(url, body);
    }),
  );
}

/** Microseconds of all threads of the process; only those that live. */
function cpuUs({ pid }: ChildProcess): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1_000,
    0,
  );
}

const median = (all: readonly number[], part = 0.5): number =>
  all.toSorted((a, b) => a - b)[Math.min(Math.floor(all.length * part), all.length - 1)] ?? 0;

interface Measured {
  readonly us: number;
  /** Requests a second, at full load. */
  readonly rate: number;
  /** Of the first requests, as the backend got them: dollars by span. */
  readonly costs: string;
  readonly inLedger: string;
}

const batches = Array.from({ length: ROUNDS + 1 }, (_, round) =>
  Array.from({ length: REQUESTS }, (__, n) => payload(round * REQUESTS + n)),
);

async function measure({ url, child, ledger }: Side): Promise<Measured> {
  taken.length = 0;
  const [warm = [], ...rounds] = batches;
  for (const body of warm.slice(0, 4)) await post(url, body);
  await sendAll(url, warm.slice(4));
  if (taken.length !== warm.length) throw new Error(`${taken.length} of ${warm.length} requests came to the backend`);
  const costs = taken
    .slice(0, 4)
    .flatMap((body) => decodeProtobuf(body))
    .map(({ spanId, attributes }) => `${spanId} ${JSON.stringify(attributes['spanledger.cost.usd'])}`)
    .toSorted()
    .join('\n');
  const used: number[] = [];
  const rates: number[] = [];
  for (const round of rounds) {
    taken.length = 0;
    const [before, began] = [cpuUs(child), performance.now()];
    await sendAll(url, round);
    used.push((cpuUs(child) - before) / REQUESTS / SPANS);
    rates.push((REQUESTS * 1_000) / (performance.now() - began));
    if (taken.length !== REQUESTS) throw new Error(`${taken.length} of ${REQUESTS} requests came to the backend`);
  }
  return { us: median(used), rate: median(rates), costs, inLedger: ledger === undefined ? '' : await total(ledger) };
}

async function total(path: string): Promise<string> {
  const reader = readSqliteLedger({ path });
  const [row] = await reader.costs({ by: [], where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' });
  await reader.close();
  return `${row?.calls} ${row?.cost}`;
}

/** Acknowledgements at half of the rate that it can do; by the clock, whether the one before is answered or not. */
async function halfLoad({ url, child }: Side, rate: number): Promise<number[]> {
  const bodies = Array.from({ length: Math.ceil((rate / 2) * (HALF_LOAD_MS / 1_000)) }, (_, n) => payload(100_000 + n));
  child.kill('SIGUSR2');
  await sleep(100);
  const began = performance.now();
  const waits: Promise<number>[] = [];
  for (const [n, body] of bodies.entries()) {
    taken.length = 0;
    await sleep(Math.max(0, began + (n * 2_000) / rate - performance.now()));
    waits.push(post(url, body));
  }
  return Promise.all(waits);
}

try {
  const measured = new Map<string, Measured>();
  const goal = (what: string, is: number, reached: boolean, wanted: string): void =>
    console.log(`${reached ? 'reached' : 'MISSED '}  ${what}: ${is.toFixed(2)} (goal: ${wanted})`);
  let waits: number[] = [];
  let stallMs = 0;
  const starts: (() => Promise<Side>)[] = ['spliced', 'protobufjs', 'proxy'].map((name) => () => startSide(name));
  if (existsSync(binary)) starts.push(startOther);
  else console.log('no Collector: npm run test:interop builds one where there is Go');
  for (const start of starts) {
    const side = await start();
    const result = await measure(side);
    measured.set(side.name, result);
    if (side.name === 'spliced') waits = await halfLoad(side, result.rate);
    const ended = once(side.child, 'close');
    side.child.kill('SIGTERM');
    await ended;
    if (side.name === 'spliced')
      stallMs = (JSON.parse(side.said().trim().split('\n').at(-1) ?? '{}') as { stallMs: number }).stallMs;
  }
  const [ours, theirs, proxy] = ['spliced', 'protobufjs', 'proxy'].map((name) => measured.get(name));
  if (ours === undefined || theirs === undefined || proxy === undefined) throw new Error('nothing measured');
  if (ours.costs !== theirs.costs || ours.inLedger !== theirs.inLedger) throw new Error('the sides give other answers');

  console.log(
    `${ROUNDS} rounds of ${REQUESTS} requests of ${SPANS} spans, 30 % of them LLM calls; ledger: ${ours.inLedger.split(' ')[0]} calls`,
  );
  console.log('side           us/span   spans/CPU-s   requests/s');
  for (const [name, { us, rate }] of measured)
    console.log(
      [
        name.padEnd(12),
        us.toFixed(2).padStart(9),
        Math.round(1e6 / us)
          .toLocaleString('en-US')
          .padStart(13),
        rate.toFixed(0).padStart(12),
      ].join(' '),
    );
  goal('times the same server on protobufjs 8', theirs.us / ours.us, theirs.us / ours.us >= 3.5, '3.5');
  goal('of a proxy that decodes nothing', proxy.us / ours.us, proxy.us / ours.us >= 0.2, '0.2');
  const collector = measured.get('collector');
  if (collector !== undefined) goal('times the Collector', collector.us / ours.us, collector.us >= ours.us, '1');
  const p99 = median(waits, 0.99);
  goal(`ms to an acknowledgement at half load, p99 of ${waits.length}`, p99, p99 <= 50, 'at most 50');
  goal('ms that the event loop was held up at most', stallMs, stallMs <= 50, 'at most 50');
} finally {
  sink.closeAllConnections();
  sink.close();
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}
