/**
 * What an application feels of a processor that is down, refuses, hangs or is slow: the latency of its calls, beside those
 * without the preload. `npm run bench -- instrumentation-faults`, or `node test/bench/instrumentation-faults.ts [rounds]` after a
 * build. Each fault takes its turn in every round, in a process of its own; every answer is checked.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startProvider } from '../support/provider.ts';
import { startSink } from '../support/sink.ts';

const root = join(import.meta.dirname, '../..');
const rounds = Number(process.argv[2] ?? 3);
const calls = 600;

const program = `
const { OpenAI } = require('openai');
const client = new OpenAI({ apiKey: 'k', baseURL: process.env.PROVIDER + '/v1', maxRetries: 0 });
const ask = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };
(async () => {
  const ms = [];
  for (let n = 0; n < ${calls} + 100; n++) {
    const from = performance.now();
    const { choices } = await client.chat.completions.create(ask);
    if (choices.length !== 1) throw new Error('not the answer');
    if (n >= 100) ms.push(performance.now() - from);
  }
  console.log(JSON.stringify({ ms }));
})();
`;

const hole = createServer(() => {});
hole.listen(0, '127.0.0.1');
await once(hole, 'listening');
const provider = await startProvider();
const well = await startSink();
const refusing = await startSink({ answer: () => ({ status: 503 }) });
const slow = await startSink({ answer: () => ({ delayMs: 2000 }) });
/** Where spans are sent to; undefined for no preload. */
const faults: Readonly<Record<string, string | undefined>> = {
  'without the preload': undefined,
  'processor well': well.url,
  down: 'http://127.0.0.1:1',
  'refusing (503)': refusing.url,
  'black-holed': `http://127.0.0.1:${(hole.address() as AddressInfo).port}`,
  'slow (2 s)': slow.url,
};

interface Run {
  readonly ms: readonly number[];
  /** Lines that say that nothing can be delivered. */
  readonly lines: number;
  readonly wholeMs: number;
}

async function run(endpoint: string | undefined): Promise<Run> {
  const preload = endpoint === undefined ? [] : ['--require', join(root, 'dist/instrumentation/preload.cjs')];
  const from = performance.now();
  const child = spawn(process.execPath, [...preload, '-e', program], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      PROVIDER: provider.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      ...(endpoint === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, stderr);
  const { ms } = JSON.parse(stdout) as { ms: number[] };
  const lines = stderr.split('\n').filter((line) => line.includes('cannot deliver')).length;
  return { ms, lines, wholeMs: performance.now() - from };
}

const measured = new Map<string, Run[]>();
for (let round = 0; round < rounds; round++)
  for (const [name, endpoint] of Object.entries(faults))
    measured.set(name, [...(measured.get(name) ?? []), await run(endpoint)]);
for (const one of [provider, well, refusing, slow]) await one.stop();
hole.close();

/** The least over the rounds: other work on the machine only ever adds. */
const quantile = (runs: readonly Run[], at: number): number =>
  Math.min(...runs.map(({ ms }) => ms.toSorted((a, b) => a - b)[Math.floor(ms.length * at)] ?? Number.NaN));
const row = (cells: readonly string[]): string =>
  cells.map((cell, at) => (at === 0 ? cell.padEnd(22) : cell.padStart(12))).join('');
console.log(`${calls} calls to a provider on loopback, Node ${process.versions.node}, the least of ${rounds} rounds\n`);
console.log(row(['', 'p50 ms', 'p99 ms', 'warnings', 'process ms']));
for (const [name, runs] of measured)
  console.log(
    row([
      name,
      quantile(runs, 0.5).toFixed(2),
      quantile(runs, 0.99).toFixed(2),
      String(Math.max(...runs.map(({ lines }) => lines))),
      Math.min(...runs.map(({ wholeMs }) => wholeMs)).toFixed(0),
    ]),
  );
const base = quantile(measured.get('processor well') ?? [], 0.99);
const worst = Math.max(...[...measured].map(([, runs]) => quantile(runs, 0.99)));
console.log(
  `\nworst p99 over that with a processor that is well: ${(worst / base).toFixed(2)} (at most 1.5: ${worst <= base * 1.5 ? 'yes' : 'NO'})`,
);
if (worst > base * 1.5) process.exitCode = 1;
