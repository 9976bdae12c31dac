import { randomBytes } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import { dimensionNames } from '../../ledger.ts';
import { renamedJson } from '../renamed-json.ts';
import { hashOf } from './texts.ts';

/** Entries looked at in one transaction. */
const SLICE = 20_000;

export interface Erased {
  /** Stands for the customer from now on. */
  readonly token: string;
  readonly calls: number;
}

/**
 * Puts a random token in the place of a customer's id: in dimensions, sums, alerts, what is held back and the audit log. User
 * ids, session ids and free tags of its calls go. Sums and counts stay what they are. Nothing leads from the token to the id,
 * and what is overwritten is overwritten on disk too. Stopped halfway it may be begun again.
 *
 * @returns undefined where nothing of this customer is in the ledger
 */
export function eraseCustomer(
  db: DatabaseSync,
  id: string,
  now: Micros,
  done: (part: number) => void = () => undefined,
): Erased | undefined {
  const ids = db.prepare('SELECT id FROM dimension WHERE customer_id = ?').all(id);
  if (ids.length === 0) return undefined;
  db.exec('PRAGMA secure_delete = ON');
  const token = `erased-${randomBytes(8).toString('hex')}`;
  const calls = cleanEntries(db, id, token, done);
  db.exec('BEGIN IMMEDIATE');
  try {
    renameDimensions(db, id, token);
    db.prepare('UPDATE facet SET customer_id = ? WHERE customer_id = ?').run(token, id);
    renameTexts(db, id, token);
    db.prepare('INSERT INTO audit (id, at_us, action, detail) VALUES (?, ?, ?, ?)').run(
      `erase ${token}`,
      now,
      'erase',
      JSON.stringify({ token, calls }),
    );
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
  // Pages that were split before hold what has moved on: the file is written anew, without them.
  db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  return { token, calls };
}

function cleanEntries(db: DatabaseSync, id: string, token: string, done: (part: number) => void): number {
  const keys = (row: Readonly<Record<string, SQLOutputValue>>): SQLOutputValue[] =>
    ['start_us', 'span', 'rev'].map((name) => row[name] ?? null);
  const count = Number(db.prepare('SELECT count(*) AS n FROM entry').get()?.['n']);
  const slice = db.prepare(`SELECT start_us FROM entry WHERE start_us >= ? ORDER BY start_us LIMIT 1 OFFSET ${SLICE}`);
  const own = '(SELECT id FROM dimension WHERE customer_id = ?3)';
  const clean =
    db.prepare(`UPDATE entry SET user_id = NULL, session_id = NULL, more = nullif(json_remove(more, '$.extra'), '{}')
    WHERE start_us >= ?1 AND start_us < ?2 AND dimension IN ${own}`);
  const named = db.prepare('UPDATE entry SET user_id = NULL WHERE start_us >= ? AND start_us < ? AND user_id = ?');
  // Tags of calls of others may name it.
  const told = db.prepare(
    'SELECT start_us, span, rev, more FROM entry WHERE start_us >= ? AND start_us < ? AND instr(more, ?)',
  );
  const tell = db.prepare('UPDATE entry SET more = ? WHERE start_us = ? AND span = ? AND rev = ?');
  const first = db.prepare('SELECT min(start_us) AS start FROM entry').get()?.['start'];
  let calls = 0;
  let seen = 0;
  for (let from = typeof first === 'number' ? first : undefined; from !== undefined;) {
    const end = slice.get(from)?.['start_us'];
    // Many entries of one microsecond are one slice.
    const to = typeof end === 'number' ? Math.max(end, from + 1) : Number.MAX_SAFE_INTEGER;
    db.exec('BEGIN IMMEDIATE');
    calls += Number(clean.run(from, to, id).changes);
    named.run(from, to, id);
    for (const row of told.all(from, to, JSON.stringify(id).slice(1, -1)))
      tell.run(renamedJson(String(row['more']), id, token), ...keys(row));
    db.exec('COMMIT');
    seen += SLICE;
    done(Math.min(1, seen / Math.max(1, count)));
    from = typeof end === 'number' ? to : undefined;
  }
  return calls;
}

/** With their hashes, by which a guessed id could be confirmed. */
function renameDimensions(db: DatabaseSync, id: string, token: string): void {
  const rows = db.prepare(`SELECT id, hash, ${dimensionNames.join(', ')} FROM dimension WHERE customer_id = ?`).all(id);
  const rename = db.prepare('UPDATE dimension SET customer_id = ?, hash = ? WHERE id = ?');
  const rehash = db.prepare('UPDATE dimension_hash SET hash = ? WHERE hash = ? AND id = ?');
  for (const row of rows) {
    const number = Number(row['id']);
    const hash = hashOf(dimensionNames.map((name) => (name === 'customer_id' ? token : String(row[name]))));
    rename.run(token, hash, number);
    rehash.run(hash, Number(row['hash']), number);
  }
}

/** In texts of JSON, and in the keys of alerts, which hold their labels as JSON. */
function renameTexts(db: DatabaseSync, id: string, token: string): void {
  const tables = [
    { table: 'crossing', key: ['key'], body: 'payload' },
    { table: 'held', key: ['trace', 'span', 'kind'], body: 'body' },
    { table: 'audit', key: ['id'], body: 'detail' },
  ] as const;
  for (const { table, key, body } of tables) {
    const where = key.map((column) => `${column} = ?`).join(' AND ');
    const update = db.prepare(`UPDATE ${table} SET ${body} = ? WHERE ${where}`);
    for (const row of db.prepare(`SELECT ${key.join(', ')}, ${body} FROM ${table}`).all()) {
      const before = String(row[body]);
      const after = renamedJson(before, id, token);
      if (after !== before) update.run(after, ...key.map((column) => row[column] ?? null));
    }
  }
  const rename = db.prepare('UPDATE crossing SET key = replace(key, ?1, ?2) WHERE instr(key, ?1)');
  const label = (value: string): string => `"customer_id":${JSON.stringify(value)}`;
  rename.run(label(id), label(token));
}
