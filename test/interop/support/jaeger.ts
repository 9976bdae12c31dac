/** A real Jaeger with its traces in memory. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const kept = join(homedir(), '.cache', 'spanledger', 'jaeger');

/** On the PATH, or built from its sources (`go build ./cmd/jaeger`, ten minutes) and kept; undefined where there is none. */
export function jaegerBinary(): string | undefined {
  if (existsSync(kept)) return kept;
  try {
    execFileSync('jaeger', ['version'], { stdio: 'ignore' });
    return 'jaeger';
  } catch {
    return undefined;
  }
}

export interface JaegerSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** As in OTLP/JSON. */
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

export interface Jaeger {
  /** For OTLP, without `/v1/traces`. */
  readonly otlpUrl: string;
  /** Spans of the traces of a service in which some span has all of these attributes. */
  search(service: string, attributes: Readonly<Record<string, string>>): Promise<readonly JaegerSpan[]>;
  stop(): Promise<void>;
}

/** @example const jaeger = await startJaeger(); await jaeger.search('shop', { 'spanledger.customer_id': 'acme' }); */
export async function startJaeger(): Promise<Jaeger> {
  const binary = jaegerBinary();
  if (binary === undefined) throw new Error('there is no Jaeger on this machine');
  const [otlp, query, queryGrpc] = [await freePort(), await freePort(), await freePort()];
  const config = {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
    },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: 1_000 } } } },
      jaeger_query: {
        storage: { traces: 'memory' },
        http: { endpoint: `127.0.0.1:${query}` },
        grpc: { endpoint: `127.0.0.1:${queryGrpc}` },
      },
    },
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${otlp}` } } } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
  };
  // JSON is YAML.
  const child = spawn(binary, [`--config=yaml:${JSON.stringify(config)}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // It traces itself otherwise, to nobody, and waits for that at its end.
    env: { ...process.env, OTEL_TRACES_SAMPLER: 'always_off' },
  });
  const exited = once(child, 'exit');
  const api = `http://127.0.0.1:${query}/api/v3`;
  for (let tries = 0; !(await isUp(`${api}/services`)); tries++) {
    if (tries > 100 || child.exitCode !== null) throw new Error('Jaeger does not come up');
    await sleep(100);
  }
  return {
    otlpUrl: `http://127.0.0.1:${otlp}`,
    async search(service, attributes) {
      const asked = new URLSearchParams({
        'query.service_name': service,
        'query.attributes': JSON.stringify(attributes),
        'query.start_time_min': '2020-01-01T00:00:00Z',
        'query.start_time_max': new Date(Date.now() + 86_400_000).toISOString(),
      });
      const answer = await fetch(`${api}/traces?${asked.toString()}`);
      // Nothing found is a 404.
      if (answer.status === 404) return [];
      const { result } = (await answer.json()) as {
        result: { resourceSpans: readonly { scopeSpans: readonly { spans: readonly JaegerSpan[] }[] }[] };
      };
      return result.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
