/** Child processes of the demo: started, waited for, and stopped again; one that dies says what it said last. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Child {
  /** What `ready` matched. */
  readonly match: RegExpMatchArray;
  /** Rejects, with the last lines of its output, when the process ends before it is stopped. */
  readonly died: Promise<never>;
  /** What it has printed so far, at most the last 64 KB. */
  output(): string;
  /** SIGTERM, and SIGKILL if it is still there after five seconds. May be called any number of times. */
  stop(): Promise<void>;
  /** SIGKILL: no warning, nothing is flushed. */
  kill(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Printed on either stream once the process can be used. */
  readonly ready: RegExp;
}

/**
 * Starts this Node with `args` and waits, twenty seconds at most, until it prints what `ready` matches. Variables of the
 * caller's own telemetry and clients are not handed on: the demo talks to nothing but itself.
 */
export async function startChild({ name, args, cwd, env = {}, ready }: ChildOptions): Promise<Child> {
  const foreign = /^(OTEL_|SPANLEDGER_|OPENAI_|ANTHROPIC_|NODE_OPTIONS$|https?_proxy$|no_proxy$)/i;
  const inherited = Object.entries(process.env).filter(([key]) => !foreign.test(key));
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let stopping = false;
  const ended = once(child, 'exit');
  const last = (): string => output.trimEnd().split('\n').slice(-20).join('\n');
  const died = ended.then(([code, signal]: unknown[]): Promise<never> => {
    if (stopping) return new Promise<never>(() => {});
    throw new Error(`${name} ended with ${String(code ?? signal)}; its last output:\n${last()}`);
  });
  died.catch(() => {});
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    stopping = true;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  };
  const stop = (): Promise<void> => end('SIGTERM');
  let timer: NodeJS.Timeout | undefined;
  const seen = new Promise<RegExpMatchArray>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-65_536);
      const match = ready.exec(output);
      if (match !== null) resolve(match);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    timer = setTimeout(
      () => reject(new Error(`${name} was not ready after 20 s; its last output:\n${last()}`)),
      20_000,
    );
  });
  try {
    return { match: await Promise.race([seen, died]), died, output: () => output, stop, kill: () => end('SIGKILL') };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
