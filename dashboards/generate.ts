/**
 * Writes what is generated from TypeScript: Grafana's boards, Prometheus' rules, docs/metrics.md. `node dashboards/generate.ts`
 * after a change to a board, a rule or the metric table; with `--check` it names what has drifted and writes nothing.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { boardJson } from './board.ts';
import { boards } from './boards.ts';
import { metricsDoc } from './metrics-doc.ts';
import { rulesYaml } from './rules.ts';

const root = join(import.meta.dirname, '..');

/** Every generated file, by its path in the repository. */
export function generated(): ReadonlyMap<string, string> {
  const files = boards.map((board): [string, string] => [
    `dashboards/grafana/${board.uid}.json`,
    `${JSON.stringify(boardJson(board), null, 2)}\n`,
  ]);
  return new Map([...files, ['dashboards/prometheus/rules.yaml', rulesYaml()], ['docs/metrics.md', metricsDoc()]]);
}

/** Paths whose text is not what would be written. */
export function drifted(): readonly string[] {
  return Array.from(generated()).flatMap(([path, text]) => (read(path) === text ? [] : [path]));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const changed = drifted();
  const check = process.argv.includes('--check');
  const files = generated();
  for (const path of changed) {
    process.stdout.write(`${check ? 'drifted' : 'written'}: ${relative(process.cwd(), join(root, path))}\n`);
    if (check) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), files.get(path) ?? '');
  }
  if (check && changed.length > 0) process.exitCode = 1;
}
