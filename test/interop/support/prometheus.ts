import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/** Why there is no Prometheus to try things with; undefined if there is one. */
export const missingPrometheus = ((): string | undefined => {
  for (const name of ['prometheus', 'promtool'])
    try {
      execFileSync(name, ['--version'], { stdio: 'pipe' });
    } catch {
      return `there is no ${name} on this machine`;
    }
  return undefined;
})();

/** Throws with what it says when it is not content. */
export function promtool(args: readonly string[], input = ''): string {
  return execFileSync('promtool', args, { encoding: 'utf8', stdio: 'pipe', input });
}

export interface Row {
  readonly metric: Readonly<Record<string, string>>;
  /** The newest, where there are several. */
  readonly value: number;
}

export interface Prometheus {
  /** The rows of an expression now, or over the last `seconds`. Throws where Prometheus refuses it. */
  query(expr: string, seconds?: number): Promise<readonly Row[]>;
  /** Of the last scrapes; empty when they went well. */
  lastError(): Promise<string>;
  rules(): Promise<readonly { readonly name: string; readonly health: string }[]>;
  stop(): Promise<void>;
}

/** Starts a real one, that scrapes `target` (host:port) ten times a second or so and evaluates the rule file. */
export async function startPrometheus(target: string, rules: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 500ms }
rule_files: ['${rules}']
scrape_configs: [{ job_name: spanledger, static_configs: [{ targets: ['${target}'] }] }]
`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
  const child = spawn('prometheus', [...args, '--log.level=error'], { stdio: 'ignore' });
  const get = async (path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const response = await fetch(`http://${address}${path}?${new URLSearchParams(query).toString()}`);
    const body = (await response.json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data: unknown;
    };
    if (body.status !== 'success') throw new Error(`${query['query'] ?? path}: ${body.error ?? response.status}`);
    return body.data;
  };
  await ready(child, `http://${address}`);
  return {
    async query(expr, seconds) {
      if (seconds === undefined) {
        const { resultType, result } = (await get('/api/v1/query', { query: expr })) as Instant;
        if (resultType === 'scalar') return [{ metric: {}, value: Number(result[1]) }];
        return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
      }
      const end = Date.now() / 1000;
      const range = { start: String(end - seconds), end: String(end), step: '1' };
      const { result } = (await get('/api/v1/query_range', { query: expr, ...range })) as Matrix;
      return result.map(({ metric, values }) => ({ metric, value: Number(values.at(-1)?.[1]) }));
    },
    async lastError() {
      const { activeTargets } = (await get('/api/v1/targets')) as { activeTargets: readonly { lastError: string }[] };
      return activeTargets.map(({ lastError }) => lastError).join();
    },
    async rules() {
      const { groups } = (await get('/api/v1/rules')) as { groups: readonly { rules: readonly Rule[] }[] };
      return groups.flatMap((group) => group.rules);
    },
    async stop() {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Pair = readonly [at: number, value: string];
type Labels = Readonly<Record<string, string>>;
type Instant =
  | { readonly resultType: 'scalar'; readonly result: Pair }
  | { readonly resultType: 'vector'; readonly result: readonly { readonly metric: Labels; readonly value: Pair }[] };
interface Matrix {
  readonly result: readonly { readonly metric: Labels; readonly values: readonly Pair[] }[];
}
interface Rule {
  readonly name: string;
  readonly health: string;
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    if (child.exitCode !== null) throw new Error(`Prometheus exited with ${child.exitCode}`);
    try {
      if ((await fetch(`${url}/-/ready`)).ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Prometheus is not ready after 15 s');
}
