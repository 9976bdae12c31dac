import { HOUR } from '../../rollup.ts';
import type { Database } from './database.ts';
import { addToRollup } from './insert.ts';
import type { Location } from './location.ts';
import { readProgress } from './progress.ts';
import { alone } from './retention.ts';

const DAY = 24 * HOUR;

/**
 * Sums everything up again from the entries, beside processors or not: a day at a time, each in a transaction in which nobody
 * else writes, so that it may be stopped and begun again. Days whose entries are gone keep their sums.
 *
 * @param done told how much is done, from 0 to 1
 * @returns the days that were summed up
 */
export async function rebuildRollups(
  database: Database,
  location: Location,
  done: (part: number) => void = () => undefined,
): Promise<number> {
  const { schema: s } = location;
  const { kept } = await database.use((client) => readProgress(client, s));
  const days = await database.use((client) =>
    client.query<{ day: number }>(
      `SELECT DISTINCT day FROM (
         SELECT hour / 24 AS day FROM ${s}.rollup WHERE hour >= $1
         UNION ALL SELECT (start_us / ${DAY})::integer FROM ${s}.entry WHERE start_us >= $2
       ) days ORDER BY 1`,
      [kept / HOUR, kept],
    ),
  );
  for (const [index, { day }] of days.rows.entries()) {
    await alone(database, location, async (client) => {
      const { compacted } = await readProgress(client, s);
      await client.query(`DELETE FROM ${s}.rollup WHERE hour >= $1 AND hour < $1::integer + 24`, [day * 24]);
      const source = `${s}.entry WHERE start_us >= $2 AND start_us < $3`;
      await client.query(addToRollup(s, source), [compacted, day * DAY, (day + 1) * DAY]);
    });
    done((index + 1) / days.rows.length);
  }
  return days.rows.length;
}
