import { Worker } from 'node:worker_threads';
import { SpanledgerError, type ErrorCode } from '../../errors.ts';
import type { LedgerReader } from '../../ledger.ts';

type Method = Exclude<keyof LedgerReader, 'close'>;

export interface Question {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: { readonly code: ErrorCode; readonly message: string } };

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** A read that takes longer is given up: its thread is stopped, the next read starts another. */
const READ_LIMIT_MS = 30_000;
const MAX_PENDING = 256;

/**
 * Reads in a thread and on a connection of their own. It starts with the first read and does not keep the process alive
 * between reads. Rejects with `ledger_unavailable` where a read takes longer than 30 s or too many wait.
 */
export function createReaderClient(path: string, limitMs: number = READ_LIMIT_MS): LedgerReader {
  const pending = new Map<number, Pending>();
  let worker: Worker | undefined;
  let closed = false;
  let last = 0;

  function start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const started = new Worker(new URL(`./reader-thread.${extension}`, import.meta.url), { workerData: path });
    started.on('message', (answer: Answer) => {
      settle(answer.id, (waiting) => {
        if ('failure' in answer) waiting.reject(new SpanledgerError(answer.failure.code, answer.failure.message));
        else waiting.resolve(answer.result as never);
      });
    });
    started.on('error', (error) => {
      void stop(started, `the reader failed: ${error.message}`);
    });
    started.on('exit', () => {
      if (worker === started) void stop(started, 'the reader stopped');
    });
    return started;
  }

  function settle(id: number, how: (waiting: Pending) => void): void {
    const waiting = pending.get(id);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    pending.delete(id);
    if (pending.size === 0) worker?.unref();
    how(waiting);
  }

  function stop(which: Worker, reason: string): Promise<number> {
    if (worker === which) worker = undefined;
    for (const id of pending.keys())
      settle(id, (waiting) => waiting.reject(new SpanledgerError('ledger_unavailable', `ledger ${path}: ${reason}`)));
    return which.terminate();
  }

  function ask(method: Method, args: readonly unknown[]): Promise<never> {
    return new Promise((resolve, reject) => {
      if (closed || pending.size >= MAX_PENDING) {
        const reason = closed ? 'it is closed' : `${MAX_PENDING} reads wait already`;
        reject(new SpanledgerError('ledger_unavailable', `ledger ${path}: ${reason}`));
        return;
      }
      worker ??= start();
      worker.ref();
      const id = ++last;
      const asked = worker;
      const timer = setTimeout(() => {
        void stop(asked, `no answer within ${limitMs / 1000} s: ask for a shorter range or fewer groups`);
      }, limitMs);
      pending.set(id, { resolve, reject, timer });
      asked.postMessage({ id, method, args } satisfies Question, []);
    });
  }

  return {
    costs: (query) => ask('costs', [query]),
    derive: (query) => ask('derive', [query]),
    entries: (query) => ask('entries', [query]),
    find: (traceId, spanId) => ask('find', [traceId, spanId]),
    firstUs: () => ask('firstUs', []),
    traceCalls: (query) => ask('traceCalls', [query]),
    async close() {
      closed = true;
      if (worker !== undefined) await stop(worker, 'it is closed');
    },
  };
}
