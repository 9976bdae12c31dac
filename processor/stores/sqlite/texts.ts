import { hash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';

/** Rows kept in memory; beyond it the table is asked again. */
const MAX_CACHED = 200_000;
/** Rows that are known from memory alone, until they are put into the index together. */
const INDEX_AT = 20_000;
/** Of which so many parts are made, by hash, each of which has the pages of the index to itself. */
const INDEX_PARTS = 8;
const MAX_HASH = 2 ** 48;

interface Row {
  readonly id: number;
  readonly values: readonly string[];
}

/**
 * Numbers for rows of texts. An index of their hashes, which are random, would change as many of its pages as a commit has
 * new rows: so the newest rows are found in memory, and go into the index many at a time.
 */
export interface NumberedTexts {
  /** The number of these values; a new one where they are new. */
  id(values: readonly string[]): number;
  readonly indexDue: boolean;
  /** Puts a part of them there. */
  index(): void;
  /** After a rollback: forgets what may not be there any more. */
  forget(): void;
}

export function numberTexts(db: DatabaseSync, table: string, columns: readonly string[]): NumberedTexts {
  const known = new Map<number, Row>();
  const shared = new Map<string, string>();
  let unindexed = 0;
  const names = columns.join(', ');
  const candidates = db.prepare(`SELECT id FROM ${table}_hash WHERE hash = ?`);
  const select = db.prepare(`SELECT ${names} FROM ${table} WHERE id = ?`);
  const insert = db.prepare(`INSERT INTO ${table} (hash, ${names}) VALUES (?, ${columns.map(() => '?').join(', ')})`);
  const indexed = `(SELECT last FROM indexed WHERE name = '${table}')`;
  const tail = db.prepare(`SELECT id, ${names} FROM ${table} WHERE id > ${indexed}`);
  const newest = db.prepare(`SELECT max(id) AS id FROM ${table}`);
  const addToIndex = db.prepare(
    `INSERT OR IGNORE INTO ${table}_hash (hash, id) SELECT hash, id FROM ${table}
    WHERE id > ${indexed} AND id <= ? AND hash >= ? AND hash < ? ORDER BY hash, id`,
  );
  const moveIndexed = db.prepare(`UPDATE indexed SET last = ? WHERE name = '${table}'`);
  /** The parts that are done, of the rows up to this one. */
  let indexing: { readonly to: number; readonly rows: number; readonly parts: number } | undefined;

  /** Texts that repeat from row to row are kept once. */
  function keep(id: number, values: readonly string[]): void {
    const own = values.map((value) => {
      const old = shared.get(value);
      if (old === undefined) shared.set(value, value);
      return old ?? value;
    });
    known.set(quickHash(values), { id, values: own });
  }

  function keepRow(row: Readonly<Record<string, SQLOutputValue>>): void {
    const values = columns.map((column) => String(row[column]));
    keep(Number(row['id']), values);
  }

  function forget(): void {
    known.clear();
    shared.clear();
    unindexed = 0;
    indexing = undefined;
    for (const row of tail.iterate()) {
      keepRow(row);
      unindexed++;
    }
  }

  /** Mostly there is none of that hash: asked for by one number, which is cheaper than by all texts. */
  function stored(hash: number, values: readonly string[]): number | undefined {
    for (const candidate of candidates.all(hash)) {
      const id = Number(candidate['id']);
      const row = select.get(id);
      if (columns.every((column, index) => row?.[column] === values[index])) return id;
    }
    return undefined;
  }

  forget();
  return {
    id(values) {
      const cached = known.get(quickHash(values));
      if (cached !== undefined && same(cached.values, values)) return cached.id;
      const hash = hashOf(values);
      const old = stored(hash, values);
      const id = old ?? Number(insert.run(hash, ...values).lastInsertRowid);
      if (old === undefined) unindexed++;
      keep(id, values);
      return id;
    },
    get indexDue() {
      return indexing !== undefined || unindexed >= INDEX_AT || known.size >= MAX_CACHED;
    },
    index() {
      const { to, rows, parts } = indexing ?? { to: Number(newest.get()?.['id'] ?? 0), rows: unindexed, parts: 0 };
      const share = MAX_HASH / INDEX_PARTS;
      addToIndex.run(to, parts * share, (parts + 1) * share);
      indexing = { to, rows, parts: parts + 1 };
      if (indexing.parts < INDEX_PARTS) return;
      moveIndexed.run(to);
      indexing = undefined;
      unindexed -= rows;
      if (known.size < MAX_CACHED) return;
      known.clear();
      shared.clear();
      for (const row of tail.iterate()) keepRow(row);
    },
    forget,
  };
}

/**
 * 53 bits without making a string of all. Two rows of one hash would take each other's place in memory, and one of them get
 * a second number: sums are by the texts, so that changes no answer.
 */
function quickHash(values: readonly string[]): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (const value of values) {
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high + code, 0x85ebca6b) ^ (high >>> 15);
    }
    low = Math.imul(low ^ value.length, 0x01000193);
    high ^= low >>> 7;
  }
  return (low >>> 0) * 0x20_0000 + (high >>> 11);
}

function same(some: readonly string[], others: readonly string[]): boolean {
  for (let index = 0; index < some.length; index++) if (some[index] !== others[index]) return false;
  return true;
}

/** 48 bits, which are a safe integer. Rows of equal hashes are told apart by their texts. */
export function hashOf(values: readonly string[]): number {
  return hash('sha1', values.map((value) => `${value.length}:${value}`).join(''), 'buffer').readUIntBE(0, 6);
}
