/**
 * What the preload costs at start: `node -e 0` with and without it, interleaved, and the least of each (a start can only be
 * slowed down by other work on the machine, so the least is the figure that repeats).
 *
 *   npm run build && node test/bench/preload.ts [runs]
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const preload = join(import.meta.dirname, '../../dist/instrumentation/preload.cjs');
/** What it may cost. */
const budgetMs = 60;

export interface PreloadCost {
  readonly runs: number;
  readonly plainMs: number;
  readonly preloadMs: number;
  /** Of the preload's time, what `register` itself takes: putting the hooks in place. */
  readonly registerMs: number;
}

export function measurePreload(runs: number): PreloadCost {
  if (!existsSync(preload)) throw new Error('dist/ is not built: run "npm run build" first');
  const start = (args: readonly string[]): number => {
    const from = performance.now();
    execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    return performance.now() - from;
  };
  let plainMs = Number.POSITIVE_INFINITY;
  let preloadMs = Number.POSITIVE_INFINITY;
  let registerMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    plainMs = Math.min(plainMs, start(['-e', '0']));
    preloadMs = Math.min(preloadMs, start(['--require', preload, '-e', '0']));
  }
  for (let run = 0; run < 5; run++) registerMs = Math.min(registerMs, measureRegister());
  return { runs, plainMs, preloadMs, registerMs };
}

function measureRegister(): number {
  const bundle = JSON.stringify(join(import.meta.dirname, '../../dist/instrumentation/register.cjs'));
  const program = `const { register } = require(${bundle});
    const from = performance.now();
    register({ say() {}, loadExporter() {}, asideHook: '', tokenizer: '', packageJson: '' });
    process.stdout.write(String(performance.now() - from));`;
  return Number(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }));
}

if (import.meta.main) {
  const { runs, plainMs, preloadMs } = measurePreload(Number(process.argv[2] ?? 20));
  const cost = preloadMs - plainMs;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  console.log(`node -e 0           ${ms(plainMs)}  (least of ${runs})`);
  console.log(`with the preload    ${ms(preloadMs)}  (least of ${runs})`);
  console.log(`the preload costs   ${ms(cost)}  (at most ${budgetMs} ms: ${cost <= budgetMs ? 'yes' : 'NO'})`);
  if (cost > budgetMs) process.exitCode = 1;
}
