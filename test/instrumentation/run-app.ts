import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startProvider, type Behaviour, type RecordedRequest } from '../support/provider.ts';
import { startSink, type SinkSpan } from '../support/sink.ts';

export const preload = join(import.meta.dirname, '../../instrumentation/preload.cjs');
export const appFile = (name: string): string => join(import.meta.dirname, 'apps', name);

export interface RunOptions {
  readonly app: string;
  readonly args?: readonly string[];
  /** In place of `--require preload`; none at all for the run without us. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where spans go, in place of a sink that takes them. */
  readonly endpoint?: string;
  /** What the provider does with the first requests. */
  readonly script?: readonly Behaviour[];
}

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly spans: readonly SinkSpan[];
  readonly requests: readonly RecordedRequest[];
  /** OTLP requests. */
  readonly exports: number;
}

/** Runs an application in a process of its own, against a provider and an OTLP sink that live as long as it does. */
export async function runApp({
  app,
  args = [],
  flags = ['--require', preload],
  env = {},
  endpoint,
  script = [],
}: RunOptions): Promise<Ran> {
  const provider = await startProvider({ script });
  const sink = await startSink();
  try {
    const child = spawn(process.execPath, ['--no-warnings', ...flags, app, ...args], {
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        PROVIDER: provider.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint ?? sink.url,
        // On a busy machine any call may be open for long enough to be announced: only who asks for it is told.
        SPANLEDGER_MARKERS: 'off',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return {
      code,
      signal,
      stdout,
      stderr,
      spans: sink.spans,
      requests: provider.requests,
      exports: sink.requests.length,
    };
  } finally {
    await provider.stop();
    await sink.stop();
  }
}

/** Spans by the shape that made them. */
export function byTask(spans: readonly SinkSpan[]): ReadonlyMap<string, readonly SinkSpan[]> {
  return Map.groupBy(spans, ({ attributes }) => attributes['spanledger.task_id'] as string);
}
