import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { encodeText } from './texts.ts';

/** Rows remembered; beyond it the table is asked again. */
const MAX_KNOWN = 200_000;

/** Numbers for rows of texts, shared with every other processor. */
export interface Numbered {
  /** The numbers of these rows, read or made. Outside of a transaction: others may need the same ones. */
  learn(client: ClientBase, rows: readonly (readonly string[])[]): Promise<number[]>;
  /** The number of a row; undefined where it was not learned, or was forgotten since. */
  known(row: readonly string[]): number | undefined;
  forget(): void;
}

export function createNumbered(table: string, columns: readonly string[]): Numbered {
  const numbers = new Map<string, number>();
  const select = `SELECT id, encode(hash, 'hex') AS hash FROM ${table} WHERE hash = ANY($1::bytea[])`;
  const insert = `INSERT INTO ${table} (hash, ${columns.join(', ')})
    SELECT * FROM unnest($1::bytea[], ${columns.map((_, index) => `$${index + 2}::text[]`).join(', ')})
    ON CONFLICT DO NOTHING RETURNING id, encode(hash, 'hex') AS hash`;

  async function run(
    client: ClientBase,
    sql: string,
    values: readonly unknown[],
    wanted: ReadonlyMap<string, Row>,
  ): Promise<void> {
    const { rows } = await client.query<{ id: string; hash: string }>(sql, [...values]);
    for (const { id, hash } of rows) {
      const row = wanted.get(hash);
      if (row !== undefined) numbers.set(row.key, Number(id));
    }
  }

  async function add(client: ClientBase, unknown: ReadonlyMap<string, readonly string[]>): Promise<void> {
    const wanted = new Map<string, Row>();
    for (const [key, values] of unknown) {
      const hash = hashOf(values);
      wanted.set(hash.toString('hex'), { key, hash, values });
    }
    // In one order everywhere, so that two processors that make the same rows wait for each other in one direction only.
    const rows = [...wanted.values()].toSorted((a, b) => Buffer.compare(a.hash, b.hash));
    const texts = columns.map((_, index) => rows.map(({ values }) => encodeText(values[index] ?? '')));
    // What is not known here is new to all, mostly.
    await run(client, insert, [rows.map(({ hash }) => hash), ...texts], wanted);
    const others = rows.filter(({ key }) => !numbers.has(key));
    if (others.length > 0) await run(client, select, [others.map(({ hash }) => hash)], wanted);
  }

  return {
    async learn(client, rows) {
      if (numbers.size > MAX_KNOWN) numbers.clear();
      const keys = rows.map((values) => JSON.stringify(values));
      const unknown = new Map<string, readonly string[]>();
      for (const [index, key] of keys.entries()) if (!numbers.has(key)) unknown.set(key, rows[index] ?? []);
      if (unknown.size > 0) await add(client, unknown);
      return keys.map((key) => numbers.get(key) ?? Number.NaN);
    },
    known: (row) => numbers.get(JSON.stringify(row)),
    forget: () => numbers.clear(),
  };
}

interface Row {
  readonly key: string;
  readonly hash: Buffer;
  readonly values: readonly string[];
}

/** What a row of texts is found by. */
export function hashOf(values: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(values)).digest();
}
