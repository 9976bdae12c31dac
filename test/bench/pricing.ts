/**
 * Prices of calls beside `calcPrice` of @pydantic/genai-prices on the same calls: `node test/bench/pricing.ts [rounds]`.
 *
 * Every answer is compared with theirs before anything is timed. Both run on the same machine, in turn, so what counts is
 * the ratio; the smallest of five runs is taken. Load and size of the catalog stand beside it.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { calcPrice } from '@pydantic/genai-prices';
import { loadPriceBook, type Charge, type PriceQuery } from '../../pricing/index.ts';
import { catalogDirectory } from '../../pricing/load.ts';
import { toNumberUsd } from '../../pricing/money.ts';
import { fromInclusive } from '../../pricing/usage/usage.ts';

const rounds = Number(process.argv[2] ?? 200_000);
const at = new Date('2026-09-01T12:00:00Z');
const book = loadPriceBook();

interface Call {
  readonly name: string;
  readonly query: PriceQuery;
  readonly theirs: () => number | undefined;
}

function call(
  provider: string,
  model: string,
  totals: { input: number; output: number; cacheRead?: number; cacheWrite5m?: number },
): Call {
  const usage = {
    input_tokens: totals.input,
    output_tokens: totals.output,
    ...(totals.cacheRead === undefined ? {} : { cache_read_tokens: totals.cacheRead }),
    ...(totals.cacheWrite5m === undefined ? {} : { cache_write_tokens: totals.cacheWrite5m }),
  };
  return {
    name: `${provider} ${model}`,
    query: {
      provider,
      model,
      at: at.getTime() * 1000,
      tier: 'standard',
      region: undefined,
      usage: fromInclusive(totals, 'reported'),
    },
    theirs: () => calcPrice(usage, model, { providerId: provider, timestamp: at })?.total_price,
  };
}

const calls: readonly Call[] = [
  call('openai', 'gpt-4o-2024-08-06', { input: 1250, output: 340, cacheRead: 1000 }),
  call('openai', 'gpt-4.1-mini', { input: 4500, output: 1000 }),
  call('anthropic', 'claude-sonnet-4-5', { input: 25_000, output: 500, cacheRead: 20_000, cacheWrite5m: 4000 }),
  call('anthropic', 'claude-haiku-4-5-20251001', { input: 2000, output: 600 }),
  call('google', 'gemini-2.5-pro', { input: 250_000, output: 1200, cacheRead: 100_000 }),
  call('aws', 'us.anthropic.claude-opus-4-6-v1:0', { input: 10_000, output: 800 }),
  call('openrouter', 'openai/gpt-4o', { input: 1000, output: 100 }),
];

for (const { name, query, theirs } of calls) {
  const charge: Charge = book.price(query);
  const expected = theirs();
  const got = charge.status === 'priced' ? toNumberUsd(charge.amount) : undefined;
  if (got === undefined || expected === undefined || Math.abs(got - expected) > 1e-12) {
    process.stderr.write(`${name}: ${got} is not ${expected}\n`);
    process.exit(1);
  }
}

function fastest(work: () => void): number {
  let best = Infinity;
  for (let run = 0; run < 5; run++) {
    const from = performance.now();
    work();
    best = Math.min(best, performance.now() - from);
  }
  return best;
}

let kept: unknown;
let [ours, peers] = [0, 0];
process.stdout.write('call                                              ours us   genai-prices us   ratio\n');
for (const { name, query, theirs } of calls) {
  const mine =
    (fastest(() => {
      for (let round = 0; round < rounds; round++) kept = book.price(query);
    }) *
      1000) /
    rounds;
  const slow = rounds / 20;
  const other =
    (fastest(() => {
      for (let round = 0; round < slow; round++) kept = theirs();
    }) *
      1000) /
    slow;
  ours += mine;
  peers += other;
  process.stdout.write(
    `${name.padEnd(48)} ${mine.toFixed(3).padStart(8)} ${other.toFixed(2).padStart(17)} ${(other / mine).toFixed(0).padStart(7)}\n`,
  );
}
process.stdout.write(
  `all ${calls.length}: ${(calls.length / ours).toFixed(2)} M/s, ${(peers / ours).toFixed(0)} times as fast (${typeof kept})\n`,
);

const load = `const { loadPriceBook } = await import(${JSON.stringify(new URL('../../pricing/index.ts', import.meta.url).href)});
  const from = performance.now(); loadPriceBook(); process.stdout.write(String(performance.now() - from));`;
const loads = Array.from({ length: 5 }, () =>
  Number(execFileSync(process.execPath, ['--input-type=module', '--eval', load], { encoding: 'utf8' })),
);
const bytes = gzipSync(
  Buffer.concat(readdirSync(catalogDirectory).map((name) => readFileSync(join(catalogDirectory, name)))),
).byteLength;
process.stdout.write(
  `catalog: ${book.models} models, load ${Math.min(...loads).toFixed(1)} ms, ${(bytes / 1024).toFixed(0)} KiB gzipped\n`,
);
