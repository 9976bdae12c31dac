/**
 * Finding, pricing and marking the LLM calls of export requests, in memory: our scanner beside protobufjs 8 and
 * @bufbuild/protobuf, which decode and encode everything: `npm run bench -- otlp`.
 *
 * Every side gets the same 64 different requests, in a process of its own, and its answers are compared first. CPU time, the
 * garbage collector's included; the median of five rounds.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { decodeProtobuf } from '../support/sink/protobuf.ts';
import { bufbuild, protobufjs, spliced, type Enrich } from './otlp/enrich.ts';
import { payload, SPANS } from './otlp/payload.ts';

const sides: Readonly<Record<string, Enrich>> = { spliced, protobufjs, bufbuild };
const ROUNDS = 5;
const PAYLOADS = 64;

interface Measured {
  /** CPU microseconds per span. */
  readonly us: number;
  readonly usWithoutCalls: number;
  /** Bytes of V8's heap for each request. */
  readonly heap: number;
  /** Of what came out, decoded. */
  readonly answers: string;
}

const [mode, name = ''] = process.argv.slice(2);
if (mode === 'side') process.stdout.write(JSON.stringify(measure(name)));
else report();

function measure(side: string): Measured {
  const enrich = sides[side];
  if (enrich === undefined) throw new Error(`no side ${side}`);
  const bodies = Array.from({ length: PAYLOADS }, (_, n) => payload(n));
  const without = Array.from({ length: PAYLOADS }, (_, n) => payload(n, { genAi: 0 }));
  const answers = createHash('sha256');
  for (const body of bodies.slice(0, 3))
    answers.update(
      JSON.stringify(decodeProtobuf(enrich(body)), (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      ),
    );
  return {
    us: cpu(enrich, bodies),
    usWithoutCalls: cpu(enrich, without),
    heap: heap(enrich, bodies),
    answers: answers.digest('hex'),
  };
}

function cpu(enrich: Enrich, bodies: readonly Buffer[]): number {
  // Warm: every side is measured after its compiler has settled.
  for (let pass = 0; pass < 3; pass++) for (const body of bodies) enrich(body);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage();
    for (const body of bodies) enrich(body);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / bodies.length / SPANS;
  });
  return rounds.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0;
}

/** The young generation is made so large (see `report`) that nothing is collected in between. */
function heap(enrich: Enrich, bodies: readonly Buffer[]): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (const body of bodies.slice(0, 10)) enrich(body);
    return (process.memoryUsage().heapUsed - before) / 10;
  });
  return rounds.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0;
}

function report(): void {
  const flags = ['--expose-gc', '--max-semi-space-size=128', '--min-semi-space-size=128'];
  const measured = Object.fromEntries(
    Object.keys(sides).map((side) => {
      const text = execFileSync(process.execPath, [...flags, import.meta.filename, 'side', side], { encoding: 'utf8' });
      return [side, JSON.parse(text) as Measured];
    }),
  );
  const { spliced: ours } = measured;
  if (ours === undefined) throw new Error('nothing measured');
  for (const [side, { answers }] of Object.entries(measured))
    if (answers !== ours.answers) throw new Error(`${side} gives other answers`);
  console.log(`${PAYLOADS} requests of ${SPANS} spans, 30 % of them LLM calls; the same answers from all`);
  console.log('side           us/span   spans/CPU-s   x   us/span without calls   KiB heap/request');
  for (const [side, { us, usWithoutCalls, heap: bytes }] of Object.entries(measured))
    console.log(
      [
        side.padEnd(12),
        us.toFixed(2).padStart(9),
        Math.round(1e6 / us)
          .toLocaleString('en-US')
          .padStart(13),
        (us / ours.us).toFixed(1).padStart(6),
        usWithoutCalls.toFixed(3).padStart(14),
        (bytes / 1024).toFixed(0).padStart(20),
      ].join(' '),
    );
  // What is not a call costs so much less than a call: with 30 % calls, us = 0.3 call + 0.7 other.
  const call = (ours.us - 0.7 * ours.usWithoutCalls) / 0.3;
  const goal = (what: string, is: number, wanted: number): void =>
    console.log(`${is >= wanted ? 'reached' : 'MISSED '}  ${what}: ${is.toFixed(1)} (goal: ${wanted})`);
  goal('times protobufjs 8', (measured['protobufjs']?.us ?? 0) / ours.us, 4);
  goal('times @bufbuild/protobuf', (measured['bufbuild']?.us ?? 0) / ours.us, 5);
  goal('times a call is dearer than another span', call / ours.usWithoutCalls, 10);
  goal("times less heap than protobufjs's", (measured['protobufjs']?.heap ?? 0) / ours.heap, 10);
}
