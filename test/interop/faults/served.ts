/** `spanledger serve` as a process of its own, to be killed, stopped and starved. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const bin = join(import.meta.dirname, '../../../processor/bin.cjs');

export interface Served {
  readonly child: ChildProcess;
  /** OTLP over HTTP, without `/v1/traces`. */
  readonly url: string;
  readonly apiUrl: string;
  /** Sends the signal and waits for the end: its exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  /** The most memory that it has had, in MiB. */
  peakMiB(): number;
}

export interface ServeOptions {
  /** Where the ledger is. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** For Node itself. */
  readonly flags?: readonly string[];
}

/** Resolves once it says where it listens; any ports, unless `env` names some. */
export async function serve({ folder, env = {}, flags = [] }: ServeOptions): Promise<Served> {
  const child = spawn(process.execPath, [...flags, bin, 'serve'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0',
      SPANLEDGER_LISTEN_API: '127.0.0.1:0',
      ...env,
    },
  });
  let [out, err] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = once(child, 'close');
  const started = new Promise<RegExpExecArray>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (out.length > 10_000) return;
      out += chunk.toString();
      const match = /^OTLP :(\d+) · page (\S+)/m.exec(out);
      if (match !== null) resolve(match);
    });
  });
  const [, port = '', page = ''] = await Promise.race([
    started,
    ended.then(() => Promise.reject(new Error(`it ended: ${err}`))),
  ]);
  return {
    child,
    url: `http://127.0.0.1:${port}`,
    apiUrl: page.replace('localhost', '127.0.0.1'),
    async end(signal) {
      child.kill(signal);
      const [code, by] = (await ended) as [number | null, string | null];
      return code ?? by ?? '';
    },
    peakMiB() {
      const [, kib = '0'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return Math.round(Number(kib) / 1024);
    },
  };
}
