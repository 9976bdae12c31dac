import type { DatabaseSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import { HOUR } from '../../rollup.ts';
import { sign } from './amount.ts';
import type { MovingProgress } from './progress.ts';
import { entryTokens } from './tokens.ts';

/** Femto-USD that a sum of remainders has above a whole nano-USD, and the nano-USD in it: of negative sums too. */
export const carried = (nano: string, rem: string): string =>
  `${nano} + (${rem} - ((${rem} % 1000000) + 1000000) % 1000000) / 1000000, ((${rem} % 1000000) + 1000000) % 1000000`;

/** Adds to what is there under a key. A sum that leaves 64 bits becomes REAL, which STRICT refuses. */
export const addTo = (key: string): string => `ON CONFLICT (${key}) DO UPDATE SET
  calls = calls + excluded.calls, input = input + excluded.input, cache_read = cache_read + excluded.cache_read,
  cache_write = cache_write + excluded.cache_write, output = output + excluded.output,
  reasoning = reasoning + excluded.reasoning,
  cost_nano = cost_nano + excluded.cost_nano + (cost_rem + excluded.cost_rem) / 1000000,
  cost_rem = (cost_rem + excluded.cost_rem) % 1000000`;

export const addToRollup = addTo('hour, dimension');

/** Sums of entries, those that take back subtracted: `calls`, tokens, `nano` and `rem`. */
export const entrySums = `sum(${sign}) AS calls, ${Object.entries(entryTokens)
  .map(([name, sql]) => `sum(${sign} * (${sql})) AS ${name}`)
  .join(', ')}, sum(${sign} * cost_nano) AS nano, sum(${sign} * cost_rem) AS rem`;

/** @param hour the hour under which an entry is summed, as SQL */
export const foldRollupsSql = (hour: string): string => `WITH part AS (
    SELECT ${hour} AS hour, dimension, ${entrySums}
    FROM entry WHERE start_us >= ? AND start_us < ? GROUP BY 1, 2
  )
  INSERT INTO rollup (hour, dimension, calls, input, cache_read, cache_write, output, reasoning, cost_nano, cost_rem)
  SELECT hour, dimension, calls, input, cache_read, cache_write, output, reasoning, ${carried('nano', 'rem')}
  FROM part WHERE true ${addToRollup}`;

export const foldSpansSql = `INSERT OR IGNORE INTO span_index (hour, hash, second)
  SELECT start_us / ${HOUR}, substr(span, 22, 3), (start_us % ${HOUR}) / 1000000
  FROM entry WHERE start_us >= ? AND start_us < ? AND rev = 0 ORDER BY 1, 2, 3`;

/**
 * Takes entries into the sums, those before a watermark. So a commit writes one row a call, and every few commits many are
 * summed at once, in the order of the index; whoever reads adds up both sides.
 *
 * @returns takes in everything before `to`, inside the caller's transaction
 */
export function createFold(db: DatabaseSync, progress: MovingProgress): (to: Micros) => void {
  const rollups = db.prepare(foldRollupsSql(`start_us / ${HOUR}`));
  const spans = db.prepare(foldSpansSql);
  return (to) => {
    if (to <= progress.folded) return;
    rollups.run(progress.folded, to);
    spans.run(progress.folded, to);
    progress.move({ folded: to });
  };
}
