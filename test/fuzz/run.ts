/**
 * Fuzzes the readers of requests, guided by coverage: `npm run fuzz`, or `npm run fuzz -- 300 json` for so many seconds a target
 * and some targets. An input that reaches code which none before it has reached is kept and changed further. What breaks a rule,
 * or takes longer than a second, is written to test/fixtures/fuzz/, where `npm test` tries it from then on.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { mutate, randomFrom, type Random } from './mutate.ts';
import { targets, type Target } from './targets.ts';

const folder = join(import.meta.dirname, '../fixtures/fuzz');
const SLOW_MS = 1_000;
/** Inputs between two looks at the coverage, which cost more than an input does. */
const BATCH = 64;

const words = process.argv.slice(2);
const seconds = Number(words.find((word) => /^\d+$/.test(word)) ?? 30);
const wanted = words.filter((word) => !/^\d+$/.test(word));
const seed = Number(process.env['SPANLEDGER_FUZZ_SEED'] ?? Date.now() % 1_000_000_007);
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
console.log(`seed ${seed} (SPANLEDGER_FUZZ_SEED), ${seconds} s a target`);

for (const [name, target] of Object.entries(targets)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { inputs, kept, places, findings } = await fuzz(name, target, randomFrom(seed));
  console.log(
    `${name.padEnd(9)} ${inputs.toLocaleString('en-US')} inputs, ${kept} kept, ${places} places reached, ${findings} findings`,
  );
  if (findings > 0) process.exitCode = 1;
}

async function fuzz(
  name: string,
  target: Target,
  random: Random,
): Promise<{ inputs: number; kept: number; places: number; findings: number }> {
  const corpus = [...target.seeds];
  const reached = new Set<string>();
  const pick = (): Buffer => corpus[Math.floor(random() * corpus.length)] ?? Buffer.alloc(0);
  let [inputs, findings] = [0, 0];
  for (const each of corpus) await attempt(each);
  await look();
  for (const end = Date.now() + seconds * 1_000; Date.now() < end;) {
    const batch = Array.from({ length: BATCH }, () => mutate(pick(), pick(), random));
    for (const bytes of batch) await attempt(bytes);
    if (!(await look())) continue;
    // Some of it is new. Which, one by one, would cost more than to go on with some that are not.
    corpus.push(...batch.filter((bytes) => bytes.length > 0 && bytes.length < 8_192).slice(0, 8));
  }
  return { inputs, kept: corpus.length - target.seeds.length, places: reached.size, findings };

  async function attempt(bytes: Buffer): Promise<void> {
    inputs++;
    const began = performance.now();
    let wrong: unknown;
    try {
      await target.run(bytes);
    } catch (error) {
      wrong = error;
    }
    const ms = performance.now() - began;
    if (wrong === undefined && ms < SLOW_MS) return;
    findings++;
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${name}.${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.bin`);
    writeFileSync(path, bytes);
    console.log(`${path}: ${wrong instanceof Error ? wrong.stack : `${ms.toFixed(0)} ms`}`);
  }

  /** Whether code was reached that had not been before. */
  async function look(): Promise<boolean> {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const before = reached.size;
    for (const { url, functions } of result) {
      if (!/\/processor\/(otlp|receivers)\//.test(url)) continue;
      for (const { ranges } of functions)
        for (const { startOffset, count } of ranges)
          // How often counts too, by its magnitude: a loop that runs a thousand times is another way than one that runs once.
          if (count > 0) reached.add(`${url}:${startOffset}:${Math.min(Math.floor(Math.log2(count / BATCH + 1)), 4)}`);
    }
    return reached.size > before;
  }
}
