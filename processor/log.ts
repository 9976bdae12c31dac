import { destination, pino, type Logger } from 'pino';

/** One JSON line an event, on stderr: stdout is for people and for what commands answer. */
export function createLog(level: string = 'info'): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true }));
}

/**
 * Lets one call through in `ms`, so that a fault that repeats itself can't fill a disk. It is told how many were left out
 * since the last.
 *
 * @example const complain = atMostEvery(60_000); complain((left) => log.warn({ left_out: left }, 'backend away'))
 */
export function atMostEvery(ms: number, now: () => number = Date.now): (call: (left: number) => void) => void {
  let last = -Infinity;
  let left = 0;
  return (call) => {
    if (now() - last < ms) {
      left++;
      return;
    }
    last = now();
    call(left);
    left = 0;
  };
}
