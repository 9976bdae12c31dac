import { setTimeout as sleep } from 'node:timers/promises';

/** How long writes wait for the lock of another program (a backup, a shell) before their senders are asked to come again. */
const BUSY_MS = 2_000;
/** Between two tries. */
const PAUSE_MS = 20;

/** Waits for a lock without holding up the event loop, as SQLite's own busy timeout would. */
export interface Patience {
  /** Whether this failure may pass while we wait. */
  mayPass(error: unknown): boolean;
  pause(): Promise<void>;
  /** A write went through. */
  over(): void;
}

/**
 * The time counts from the first failure to the next write that went through: while a lock stays, whoever comes later is
 * told at once.
 *
 * @example while (true) try { write(); patience.over(); break } catch (e) { if (!patience.mayPass(e)) throw e; await patience.pause() }
 */
export function createPatience(): Patience {
  let since: number | undefined;
  return {
    mayPass(error) {
      if (!isBusy(error)) return false;
      since ??= performance.now();
      return performance.now() - since < BUSY_MS;
    },
    pause: () => sleep(PAUSE_MS),
    over: () => (since = undefined),
  };
}

/** SQLITE_BUSY, whatever kind of it (https://www.sqlite.org/rescode.html#busy). */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5;
}
