import { isMainThread } from 'node:worker_threads';
import { failed, guarded } from './guard.ts';

/** How long the end of the process may wait for delivery. */
const limitMs = 3000;
/** And where it ends by itself, for the results of a batch, which are very many: each of them is money. */
const longestMs = 30_000;

export interface Delivery {
  /** Delivers what is left. `last`: no call can go on after it. */
  readonly flush: (limitMs: number, last: boolean) => Promise<void>;
  /** Delivers what there was no room for, as long as it moves on. */
  readonly finish: (limitMs: number) => Promise<void>;
  /** Delivers what is left before it returns: nothing runs any more after it. */
  readonly gasp?: () => void;
}

/**
 * Delivers what is left when the process ends by itself, or by SIGTERM or SIGINT. A signal ends the process as it would
 * have, unless the application listens for it itself: then it decides. `process.exit()` and crashes are only waited for
 * where there is a `gasp`. docs/exit.md is the table.
 */
export function flushAtExit({ flush, finish, gasp }: Delivery): void {
  let ending: Promise<void> | undefined;
  // The event comes again after every piece of work that is done for it.
  process.on('beforeExit', () => {
    ending ??= flush(limitMs, true)
      .then(() => finish(longestMs))
      .catch(failed);
  });
  if (gasp !== undefined) process.on('exit', () => guarded(gasp));
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
