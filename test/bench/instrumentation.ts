/**
 * What a call costs under the preload, beside none and beside two other instrumentations of the same client, in one run:
 * `npm run bench -- instrumentation`, or `node test/bench/instrumentation.ts [rounds]` after a build.
 *
 * The client is openai 6, the newest that all of them patch; it and the peers are installed from npm into a folder under
 * the system's temporary one, once. Variants take turns, a process each. Answers are checked in every call; what each
 * variant has recorded of the usage stands beside its cost.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Delivered, Measured } from './instrumentation/variant.ts';
import { measurePreload } from './preload.ts';

const rounds = Number(process.argv[2] ?? 3);
const chunks = 500;
const packages = [
  'openai@6.49.0',
  '@opentelemetry/api@1.10.0',
  '@opentelemetry/sdk-trace-node@2.12.0',
  '@opentelemetry/exporter-trace-otlp-http@0.222.0',
  '@opentelemetry/instrumentation-openai@0.22.0',
  '@traceloop/instrumentation-openai@0.27.0',
];
const names = [
  'none',
  'spanledger',
  '@opentelemetry/instrumentation-openai',
  '@traceloop/instrumentation-openai',
] as const;
type Name = (typeof names)[number];

function install(): string {
  const folder = join(tmpdir(), `spanledger-bench-${packages.map((name) => name.replace(/.*@/, '')).join('-')}`);
  if (existsSync(folder)) return folder;
  const aside = `${folder}.${process.pid}`;
  mkdirSync(aside);
  writeFileSync(join(aside, 'package.json'), '{"private":true}');
  const args = ['install', '--no-fund', '--no-audit', '--ignore-scripts', '--legacy-peer-deps', ...packages];
  execFileSync('npm', args, { cwd: aside, stdio: 'pipe' });
  renameSync(aside, folder);
  rmSync(aside, { recursive: true, force: true });
  return folder;
}

function run(folder: string, name: Name, mode: 'calls' | 'heap' | 'delivered'): unknown {
  const program = join(import.meta.dirname, 'instrumentation/variant.ts');
  const flags = ['--no-warnings', '--expose-gc', ...(mode === 'calls' ? ['--max-semi-space-size=128'] : [])];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, program, name, folder, mode], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${name} (${mode}) ended with ${status}:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

const folder = install();
const measured: Record<Name, Measured[]> = {
  none: [],
  spanledger: [],
  '@opentelemetry/instrumentation-openai': [],
  '@traceloop/instrumentation-openai': [],
};
for (let round = 0; round < rounds; round++)
  for (const name of names) measured[name].push(run(folder, name, 'calls') as Measured);

interface Over {
  readonly us: number;
  readonly kb: number;
  readonly streamUs: number;
  readonly kbPerChunk: number;
}
const least = (of: readonly Measured[], read: (one: Measured) => number): number => Math.min(...of.map(read));
const middle = (of: readonly Measured[], read: (one: Measured) => number): number =>
  of.map(read).toSorted((a, b) => a - b)[of.length >> 1] ?? Number.NaN;
function over(name: Name): Over {
  const [own, base] = [measured[name], measured.none];
  const difference = (pick: typeof least, read: (one: Measured) => number): number =>
    pick(own, read) - pick(base, read);
  return {
    us: difference(least, ({ plain }) => plain.us),
    kb: difference(middle, ({ plain }) => plain.bytes) / 1024,
    streamUs: difference(least, ({ stream }) => stream.us),
    kbPerChunk: difference(middle, ({ stream }) => stream.bytes) / 1024 / chunks,
  };
}

const signed = (value: number, digits: number): string => (value < 0 ? '' : '+') + value.toFixed(digits);
const row = (cells: readonly string[]): string =>
  cells.map((cell, at) => (at === 0 ? cell.padEnd(40) : cell.padStart(at > 4 ? 22 : 14))).join('');
console.log(`openai 6.49.0, Node ${process.versions.node}, ${rounds} rounds; over the client alone\n`);
console.log(row(['', 'plain us', 'plain KB', 'stream us', 'KB a chunk', 'plain usage', 'stream usage']));
const { plain, stream } = {
  plain: least(measured.none, (one) => one.plain.us),
  stream: least(measured.none, (one) => one.stream.us),
};
const baseKb = middle(measured.none, (one) => one.plain.bytes) / 1024;
const baseChunk = middle(measured.none, (one) => one.stream.bytes) / 1024 / chunks;
console.log(row(['none (in all)', plain.toFixed(1), baseKb.toFixed(1), stream.toFixed(0), baseChunk.toFixed(2)]));
for (const name of names.slice(1)) {
  const { us, kb, streamUs, kbPerChunk } = over(name);
  const told = measured[name][0]?.recorded;
  const usage = [told?.plain, told?.stream].map((counts) => (counts ?? []).map((count) => count ?? '-').join('/'));
  console.log(row([name, signed(us, 1), signed(kb, 1), signed(streamUs, 0), signed(kbPerChunk, 3), ...usage]));
}
console.log('usage: input/output/cached as recorded; 1200/500/1024 is what the provider said\n');

const ours = over('spanledger');
for (const name of names.slice(2)) {
  const theirs = over(name);
  const ratio = (own: number, other: number): string => (own / other).toFixed(2);
  const ratios = `plain ${ratio(ours.us, theirs.us)} of its time and ${ratio(ours.kb, theirs.kb)} of its memory`;
  console.log(`ours to ${name}: ${ratios}, ${ratio(ours.kbPerChunk, theirs.kbPerChunk)} of its memory a chunk`);
}
console.log(
  '\nProcessor time of a plain call until its span is delivered (OTLP/JSON, gzip, to a process beside it), over none:',
);
const times: Record<string, number[]> = {};
for (let round = 0; round < rounds; round++)
  for (const name of names) {
    const { us, calls, spans } = run(folder, name, 'delivered') as Delivered;
    if (name !== 'none' && spans !== calls) throw new Error(`${name}: ${spans} spans of ${calls} calls were delivered`);
    (times[name] ??= []).push(us);
  }
const delivered = (name: Name): number => Math.min(...(times[name] ?? [])) - Math.min(...(times['none'] ?? []));
for (const name of names.slice(1)) {
  const ratio = name === 'spanledger' ? '' : ` (ours: ${(delivered('spanledger') / delivered(name)).toFixed(2)} of it)`;
  console.log(`${name.padEnd(40)} ${signed(delivered(name), 1)} us${ratio}`);
}

const wanted = (what: string, value: number, most: number, unit: string): void => {
  const met = value <= most;
  console.log(`${what.padEnd(40)} ${value.toFixed(2)} ${unit} (at most ${most}: ${met ? 'yes' : 'NO'})`);
  if (!met) process.exitCode = 1;
};
console.log('');
wanted('a plain call', ours.us, 6, 'us');
wanted('a plain call', ours.kb, 6, 'KB');
wanted('a chunk of a stream', ours.kbPerChunk, 0.25, 'KB');
const { plainMs, preloadMs, registerMs } = measurePreload(15);
wanted('the preload', preloadMs - plainMs, 60, 'ms');
wanted('registration of the hooks', registerMs, 1, 'ms');
const flat = run(folder, 'spanledger', 'heap') as { megabytes: number[]; calls: number; ended: number };
console.log(`heap after each 20,000 calls             ${flat.megabytes.map((size) => size.toFixed(1)).join(', ')} MB`);
wanted('growth over the last 80,000 calls', (flat.megabytes.at(-1) ?? 0) - (flat.megabytes[1] ?? 0), 1.5, 'MB');
console.log(`spans that ended                         ${flat.ended} of ${flat.calls} calls`);
if (flat.ended !== flat.calls) process.exitCode = 1;
