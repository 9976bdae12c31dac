import { isMainThread } from 'node:worker_threads';
import { failed } from './guard.ts';

/** How long the end of the process may wait for delivery. */
const limitMs = 3000;

/**
 * Delivers what is left when the process ends by itself, or by SIGTERM or SIGINT. A signal ends the process as it would
 * have, unless the application listens for it itself: then it decides. `process.exit()` and crashes are not waited for.
 * `last` is true when no call can go on after it.
 */
export function flushAtExit(flush: (limitMs: number, last: boolean) => Promise<void>): void {
  let ending: Promise<void> | undefined;
  // The event comes again after every piece of work that is done for it.
  process.on('beforeExit', () => {
    ending ??= flush(limitMs, true).catch(failed);
  });
  if (!isMainThread) return;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const listener = (): void => {
      // Counted before other listeners run: one that listens once is gone afterwards.
      const others = process.listenerCount(signal) - 1;
      const flushed = flush(limitMs, others === 0).catch(failed);
      if (others > 0) return;
      process.removeListener(signal, listener);
      flushed.then(() => process.kill(process.pid, signal)).catch(failed);
    };
    process.prependListener(signal, listener);
  }
}
