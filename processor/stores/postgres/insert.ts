import { once } from 'node:events';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Micros } from '../../../pricing/charge.ts';
import { HOUR } from '../../rollup.ts';
import { copyText, entryTokens, sign, written, writtenNames, type Value } from './entry-row.ts';

const DAY = 24 * HOUR;

/** From that many rows on COPY is worth its round trips. */
export const COPY_AT = 32;
const COPY_MS = 30_000;

/** The hour under which an entry is summed: that of its day where only days are left. `$1` is where hours begin. */
export const summedUnder = `CASE WHEN start_us < $1 THEN start_us / ${DAY} * 24 ELSE start_us / ${HOUR} END`;

const sums = `${summedUnder}, dimension, sum(${sign}), ${Object.values(entryTokens)
  .map((sql) => `sum(${sign} * (${sql}))`)
  .join(', ')}, sum(${sign} * cost)`;

/** Sums of `source` by hour and dimension, added to what is there; in one order, so that no two wait for each other. */
export const addToRollup = (s: string, source: string): string => `INSERT INTO ${s}.rollup AS r
  (hour, dimension, calls, input, cache_read, cache_write, output, reasoning, cost)
  SELECT ${sums} FROM ${source} GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (hour, dimension) DO UPDATE SET calls = r.calls + excluded.calls, input = r.input + excluded.input,
    cache_read = r.cache_read + excluded.cache_read, cache_write = r.cache_write + excluded.cache_write,
    output = r.output + excluded.output, reasoning = r.reasoning + excluded.reasoning, cost = r.cost + excluded.cost`;

/** Entries that are new, and their sums, in one statement; answers how many were new. */
const insertSql = (s: string, source: string): string => `WITH added AS (
    INSERT INTO ${s}.entry (${writtenNames}) SELECT ${writtenNames} FROM ${source} ORDER BY start_us, span, rev
    ON CONFLICT DO NOTHING RETURNING ${writtenNames}
  ), summed AS (${addToRollup(s, 'added')})
  SELECT count(*) AS added, pg_current_xact_id()::text AS tx FROM added`;

const incoming = `CREATE TEMP TABLE IF NOT EXISTS incoming (${written.map(([name, type]) => `${name} ${type}`).join(', ')})
  ON COMMIT DELETE ROWS`;
const unnested = `(SELECT * FROM unnest(${written.map(([, type], index) => `$${index + 2}::${type}[]`).join(', ')})
  AS incoming (${writtenNames})) AS incoming`;

export interface Inserted {
  readonly added: number;
  /** The transaction, by which other processors find what it added. */
  readonly tx: string;
}

export interface Rows {
  readonly rows: readonly (readonly Value[])[];
  /** Of the calls in `rows`: the first start, and the last. */
  readonly from: Micros;
  readonly to: Micros;
  /** None of them is taken to be in the ledger. If one is, PostgreSQL refuses all, and they have to be written anew. */
  readonly unseen: boolean;
}

/** How rows go in, within the caller's transaction: many by COPY, few as parameters of the statement. */
export type Inserter = (client: ClientBase, rows: Rows, compacted: Micros) => Promise<Inserted>;

export function createInserter(schema: string, copyAt: number): Inserter {
  const ready = new WeakSet<ClientBase>();
  const fromCopy = insertSql(schema, 'incoming');
  const fromParameters = insertSql(schema, unnested);

  async function copy(client: ClientBase, table: string, rows: Rows['rows']): Promise<void> {
    const stream = client.query(copyFrom(`COPY ${table} (${writtenNames}) FROM STDIN`));
    // The driver's own time limit does not hold for streams.
    const finished = once(stream, 'finish', { signal: AbortSignal.timeout(COPY_MS) });
    stream.end(copyText(rows));
    await finished;
  }

  return async (client, { rows, from, to, unseen }, compacted) => {
    if (rows.length < copyAt) {
      const columns = written.map((_, index) => rows.map((row) => row[index] ?? null));
      return insertedOf(await client.query(fromParameters, [compacted, ...columns]));
    }
    if (unseen) {
      await copy(client, `${schema}.entry`, rows);
      const mine = `${schema}.entry WHERE tx = pg_current_xact_id() AND start_us >= ${from} AND start_us <= ${to}`;
      const sql = `WITH summed AS (${addToRollup(schema, mine)})
        SELECT ${rows.length} AS added, pg_current_xact_id()::text AS tx`;
      return insertedOf(await client.query(sql, [compacted]));
    }
    if (!ready.has(client)) {
      await client.query(incoming);
      ready.add(client);
    }
    await copy(client, 'incoming', rows);
    return insertedOf(await client.query(fromCopy, [compacted]));
  };
}

function insertedOf({
  rows,
}: {
  readonly rows: readonly { readonly added: string | number; readonly tx: string }[];
}): Inserted {
  return { added: Number(rows[0]?.added), tx: rows[0]?.tx ?? '' };
}
