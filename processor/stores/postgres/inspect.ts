import type { ClientBase } from 'pg';
import { SpanledgerError } from '../../errors.ts';
import { HOUR } from '../../rollup.ts';
import type { Finding } from '../finding.ts';
import { openDatabase } from './database.ts';
import { sign } from './entry-row.ts';
import { readLocation } from './location.ts';
import { readProgress } from './progress.ts';
import { requireCurrent } from './schema.ts';

const DAY = 24 * HOUR;
const MAX_TOLD = 5;

/**
 * Looks over a ledger in PostgreSQL, beside processors that write to it: server, sums against entries, months. Changes nothing.
 *
 * @example for await (const { check, state, detail } of inspectPostgres(url)) console.log(check, state, detail);
 */
export async function* inspectPostgres(url: string, now: number = Date.now() * 1000): AsyncGenerator<Finding> {
  const location = readLocation(url);
  const database = openDatabase(location, 1);
  try {
    await database.use((client) => requireCurrent(client, location));
    for (const [check, look] of checks) {
      try {
        yield { check, ...(await database.snapshot((client) => look(client, location.schema, now))) };
      } catch (error) {
        if (!(error instanceof SpanledgerError)) throw error;
        yield { check, state: 'failed', detail: error.message };
      }
    }
  } finally {
    await database.close();
  }
}

type Look = (client: ClientBase, schema: string, now: number) => Promise<Omit<Finding, 'check'>>;

const checks: readonly (readonly [string, Look])[] = [
  ['server', server],
  ['sums of hours', hours],
  ['months', months],
];

async function server(client: ClientBase, s: string): Promise<Omit<Finding, 'check'>> {
  const { rows } = await client.query<Record<string, string>>(
    `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS commit, current_setting('full_page_writes') AS pages,
       (SELECT pg_size_pretty(sum(pg_total_relation_size(c.oid))) FROM pg_class c
        WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p')) AS size`,
    [s],
  );
  const { version = '', fsync = '', commit = '', pages = '', size = '' } = rows[0] ?? {};
  const detail = `PostgreSQL ${version}, ${size}`;
  const risky = [
    fsync === 'on' ? [] : ['fsync = off loses the database with the power'],
    commit === 'off' ? ['synchronous_commit = off loses calls that were acknowledged'] : [],
    pages === 'on' ? [] : ['full_page_writes = off may tear pages'],
  ].flat();
  return risky.length === 0 ? { state: 'ok', detail } : { state: 'warning', detail: `${detail}: ${risky.join('; ')}` };
}

/** By UTC day, which holds for hours and for days that have taken their place. */
async function hours(client: ClientBase, s: string): Promise<Omit<Finding, 'check'>> {
  const { kept } = await readProgress(client, s);
  const { rows } = await client.query<{ day: number; wrong: boolean }>(
    `SELECT day, sum(calls) <> 0 OR sum(cost) <> 0 AS wrong FROM (
       SELECT (start_us / ${DAY})::integer AS day, sum(${sign}) AS calls, sum(${sign} * cost) AS cost
       FROM ${s}.entry WHERE start_us >= $1 GROUP BY 1
       UNION ALL SELECT hour / 24, -sum(calls), -sum(cost) FROM ${s}.rollup WHERE hour >= $1 / ${HOUR} GROUP BY 1
     ) sums GROUP BY 1 ORDER BY 1`,
    [kept],
  );
  const wrong = rows
    .filter((row) => row.wrong)
    .map(({ day }) => new Date((day * DAY) / 1000).toISOString().slice(0, 10));
  if (wrong.length === 0)
    return { state: 'ok', detail: `as the entries of ${rows.length.toLocaleString('en-US')} days have it` };
  const named = `${wrong.slice(0, MAX_TOLD).join(', ')}${wrong.length > MAX_TOLD ? ' and more' : ''}`;
  return { state: 'failed', detail: `other sums than the entries of ${named}: run "spanledger rollups rebuild"` };
}

async function months(client: ClientBase, s: string, now: number): Promise<Omit<Finding, 'check'>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = to_regclass($1) AND c.relname ~ '^entry_[0-9]' ORDER BY 1`,
    [`${s}.entry`],
  );
  const next = `entry_${new Date(now / 1000 + 35 * 86_400_000).toISOString().slice(0, 7).replace('-', '_')}`;
  const detail = `${rows.length} partitions${rows.length === 0 ? '' : `, ${rows[0]?.name} to ${rows.at(-1)?.name}`}`;
  return rows.some(({ name }) => name >= next)
    ? { state: 'ok', detail }
    : { state: 'warning', detail: `${detail}: the next one is made once a processor runs` };
}
