import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { encodeText } from './texts.ts';

/** Rows remembered; beyond it the table is asked again. */
const MAX_KNOWN = 200_000;

/** Numbers for rows of texts, shared with every other processor. */
export interface Numbered {
  /** Reads or makes the numbers of these rows. Outside of a transaction: others may need the same ones. */
  learn(client: ClientBase, rows: readonly (readonly string[])[]): Promise<void>;
  /** The number of a row; undefined where it was not learned, or was forgotten since. */
  known(row: readonly string[]): number | undefined;
  forget(): void;
}

export function createNumbered(table: string, columns: readonly string[]): Numbered {
  const numbers = new Map<string, number>();
  const select = `SELECT id, encode(hash, 'hex') AS hash FROM ${table} WHERE hash = ANY($1::bytea[])`;
  const insert = `INSERT INTO ${table} (hash, ${columns.join(', ')})
    SELECT * FROM unnest($1::bytea[], ${columns.map((_, index) => `$${index + 2}::text[]`).join(', ')})
    ON CONFLICT DO NOTHING`;

  async function find(client: ClientBase, wanted: ReadonlyMap<string, Row>): Promise<void> {
    const found = await client.query<{ id: string; hash: string }>(select, [
      [...wanted.values()].map(({ hash }) => hash),
    ]);
    for (const { id, hash } of found.rows) {
      const row = wanted.get(hash);
      if (row !== undefined) numbers.set(row.key, Number(id));
    }
  }

  return {
    async learn(client, rows) {
      const wanted = new Map<string, Row>();
      for (const values of rows) {
        const key = JSON.stringify(values);
        if (numbers.has(key)) continue;
        const hash = hashOf(values);
        wanted.set(hash.toString('hex'), { key, hash, values });
      }
      if (wanted.size === 0) return;
      if (numbers.size + wanted.size > MAX_KNOWN) numbers.clear();
      await find(client, wanted);
      // In one order everywhere, so that two processors that make the same rows wait for each other in one direction only.
      const missing = [...wanted.values()]
        .filter(({ key }) => !numbers.has(key))
        .toSorted((a, b) => Buffer.compare(a.hash, b.hash));
      if (missing.length === 0) return;
      const texts = columns.map((_, index) => missing.map(({ values }) => encodeText(values[index] ?? '')));
      await client.query(insert, [missing.map(({ hash }) => hash), ...texts]);
      await find(client, wanted);
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
