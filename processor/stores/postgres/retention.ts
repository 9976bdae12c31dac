import type { Micros } from '../../../pricing/charge.ts';
import { startOfAge, type Age, type Retention } from '../../retention.ts';
import { HOUR } from '../../rollup.ts';
import type { Database } from './database.ts';
import { lockKeys, type Location } from './location.ts';
import { dropPartitions } from './partitions.ts';
import { readProgress } from './progress.ts';

const DAY = 24 * HOUR;

/**
 * Gives up hours, then months of entries, that are older than asked for: one part at a time, each in a transaction, the oldest
 * first, so that it goes on where it was stopped, by whichever processor. All sums stay what they are.
 */
export async function retain(database: Database, location: Location, retention: Retention, now: Micros): Promise<void> {
  const today = Math.floor(now / DAY) * DAY;
  const hours = Math.min(dayBefore(retention.hours, now), today);
  while (await compactDay(database, location, hours));
  const { schema: s } = location;
  const kept = await alone(database, location, async (client) => {
    const { compacted, kept: before } = await readProgress(client, s);
    const target = Math.min(dayBefore(retention.entries, now), compacted);
    if (target > before) await client.query(`UPDATE ${s}.progress SET kept_us = $1`, [target]);
    return Math.max(before, target);
  });
  if (kept > 0) await dropPartitions(database, location, kept);
}

/** Nobody writes calls meanwhile. */
export function alone<T>(
  database: Database,
  { schema }: Location,
  work: Parameters<typeof database.transaction<T>>[0],
): Promise<T> {
  return database.transaction(async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [lockKeys(schema).write]);
    return work(client);
  });
}

/** The hours of a day become one row under its first hour. Whether there may be more to do. */
function compactDay(database: Database, location: Location, target: Micros): Promise<boolean> {
  const { schema: s } = location;
  return alone(database, location, async (client) => {
    const { compacted } = await readProgress(client, s);
    if (target <= compacted) return false;
    const { rows } = await client.query<{ hour: number | null }>(
      `SELECT min(hour) AS hour FROM ${s}.rollup WHERE hour >= $1 AND hour < $2`,
      [compacted / HOUR, target / HOUR],
    );
    const hour = rows[0]?.hour ?? undefined;
    const day = hour === undefined ? undefined : Math.floor(hour / 24) * 24;
    if (day !== undefined)
      await client.query(
        `WITH gone AS (DELETE FROM ${s}.rollup WHERE hour >= $1::integer AND hour < $1::integer + 24 RETURNING *)
         INSERT INTO ${s}.rollup (hour, dimension, calls, input, cache_read, cache_write, output, reasoning, cost)
         SELECT $1::integer, dimension, sum(calls), sum(input), sum(cache_read), sum(cache_write), sum(output), sum(reasoning),
           sum(cost) FROM gone GROUP BY dimension`,
        [day],
      );
    await client.query(`UPDATE ${s}.progress SET compacted_us = $1`, [day === undefined ? target : (day + 24) * HOUR]);
    return day !== undefined;
  });
}

/** 0 where it is kept for ever. */
function dayBefore(age: Age | undefined, now: Micros): Micros {
  return age === undefined ? 0 : Math.floor(startOfAge(age, now) / DAY) * DAY;
}
