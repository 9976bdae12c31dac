import { isMainThread } from 'node:worker_threads';
import { failed, guarded } from './contain.ts';

/** How long the end of the process may wait for delivery. */
const limitMs = 3000;
/** And where it ends by itself, for the results of a batch, which are very many: each of them is money. */
const longestMs = 30_000;

export interface Delivery {
  /** Delivers what is left. `last`: no call can go on after it. */
  readonly flush: (limitMs: number, last: boolean) => Promise<void>;
  /** Delivers what there was no room for, as long as it moves on. */
  readonly finish?: (limitMs: number) => Promise<void>;
  /** Delivers what is left before it returns: nothing runs any more after it. */
  readonly gasp?: () => void;
}

/** Several may be asked for; the process is listened to once, or they would take each other for the application. */
const deliveries: Delivery[] = [];

async function flushAll(last: boolean): Promise<void> {
  await Promise.all(deliveries.map(({ flush }) => flush(limitMs, last).catch(failed)));
}

async function finishAll(): Promise<void> {
  await flushAll(true);
  for (const { finish } of deliveries) await finish?.(longestMs).catch(failed);
}

/**
 * Delivers what is left when the process ends by itself, or by SIGTERM or SIGINT. A signal ends the process as it would
 * have, unless the application listens for it itself: then it decides. `process.exit()` and crashes are only waited for
 * where there is a `gasp`. docs/exit.md is the table.
 */
export function flushAtExit(delivery: Delivery): void {
  const { gasp } = delivery;
  if (gasp !== undefined) process.on('exit', () => guarded(gasp));
  if (deliveries.push(delivery) > 1) return;
  let ending: Promise<void> | undefined;
  // The event comes again after every piece of work that is done for it.
  process.on('beforeExit', () => {
    ending ??= finishAll();
  });
  if (!isMainThread) return;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const listener = (): void => {
      // Counted before other listeners run: one that listens once is gone afterwards.
      const others = process.listenerCount(signal) - 1;
      const flushed = flushAll(others === 0);
      if (others > 0) return;
      process.removeListener(signal, listener);
      flushed.then(() => process.kill(process.pid, signal)).catch(failed);
    };
    process.prependListener(signal, listener);
  }
}
