import type { Micros } from '../../../pricing/charge.ts';
import type { Database } from './database.ts';
import { lockKeys, type Location } from './location.ts';

/** Months since 1970; those outside share a partition at either end, so that broken clocks make no tables without end. */
const FIRST = (2020 - 1970) * 12;
const LAST = (2100 - 1970) * 12;

/** The months of `entry`, as tables of their own. */
export interface Partitions {
  /** Creates those that are not there yet. */
  ensure(starts: Iterable<Micros>): Promise<void>;
  /** What others may have dropped is asked for again. */
  forget(): void;
}

export function createPartitions(database: Database, { schema }: Location): Partitions {
  const known = new Set<number>();

  async function create(month: number): Promise<void> {
    const [from, to] = [startOf(month), startOf(month + 1)];
    const table = tableOf(schema, month);
    await database.transaction(async (client) => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [lockKeys(schema).migrate]);
      const there = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
      if (there.rows[0]?.there === true) return;
      // Attached, because CREATE … PARTITION OF would wait for every reader and writer, and they for it.
      await client.query(`CREATE TABLE ${table} (LIKE ${schema}.entry INCLUDING ALL);
        ALTER TABLE ${schema}.entry ATTACH PARTITION ${table} FOR VALUES FROM (${from}) TO (${to})`);
    });
  }

  return {
    async ensure(starts) {
      const months = new Set<number>();
      for (const start of starts) {
        const month = monthOf(start);
        if (!known.has(month) && month >= FIRST && month < LAST) months.add(month);
      }
      for (const month of months) {
        await create(month);
        known.add(month);
      }
    },
    forget: () => known.clear(),
  };
}

/**
 * Drops the months that are over before `kept`; nobody reads them any more.
 *
 * @returns the names of what was dropped
 */
export async function dropPartitions(database: Database, { schema }: Location, kept: Micros): Promise<string[]> {
  const first = monthOf(kept);
  const found = await database.use((client) =>
    client.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = to_regclass($1) ORDER BY 1`,
      [`${schema}.entry`],
    ),
  );
  const old = found.rows.flatMap(({ name }) => {
    const [, year, month] = /^entry_(\d{4})_(\d{2})$/.exec(name) ?? [];
    return year !== undefined && (Number(year) - 1970) * 12 + Number(month) - 1 < first ? [name] : [];
  });
  for (const name of old)
    await database.transaction(async (client) => {
      // Whoever waits behind this lock waits no longer than that.
      await client.query(`SET LOCAL lock_timeout = '2s'; DROP TABLE IF EXISTS ${schema}.${name}`);
    });
  return old;
}

function monthOf(start: Micros): number {
  const date = new Date(start / 1000);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

function startOf(month: number): Micros {
  return Date.UTC(1970, month, 1) * 1000;
}

function tableOf(schema: string, month: number): string {
  const year = 1970 + Math.floor(month / 12);
  return `${schema}.entry_${year}_${String((month % 12) + 1).padStart(2, '0')}`;
}
