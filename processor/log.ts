import { destination, pino, type Logger } from 'pino';

/**
 * One JSON line an event, on stderr: stdout is for people and for what commands answer. Where stderr is a terminal, people
 * read that too, and get a line of words.
 */
export function createLog(level: string = 'info', people: boolean = process.stderr.isTTY): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!people) return pino(options, destination({ fd: 2, sync: true }));
  return pino(options, { write: (json: string) => void process.stderr.write(`${lineForPeople(json)}\n`) });
}

/**
 * A line of the log as people read it: when, how bad, what; of an error its message, of the rest nothing, for that is what
 * the JSON is for.
 *
 * @example lineForPeople('{"level":40,"time":"2026-11-26T06:12:08.253Z","msg":"the spool is full"}') // '06:12:08 warn  the spool is full'
 */
export function lineForPeople(json: string): string {
  const { level, time, msg, err } = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const name = pino.levels.labels[Number(level)] ?? '';
  const why =
    typeof err === 'object' && err !== null && 'message' in err && err.message !== msg
      ? `: ${String(err.message)}`
      : '';
  return `${String(time).slice(11, 19)} ${name.padEnd(5)} ${String(msg)}${why}`;
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
