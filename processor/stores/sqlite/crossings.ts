import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Crossing } from '../../ledger.ts';

/** What has to be remembered for ever so that no threshold fires twice. */
export interface Crossings {
  add(crossing: Omit<Crossing, 'delivered'>): boolean;
  find(key: string): Crossing | undefined;
  markDelivered(key: string): void;
  undelivered(): Crossing[];
  firing(): Crossing[];
}

export function createCrossings(db: DatabaseSync): Crossings {
  const insert = db.prepare(
    'INSERT INTO crossing (key, at_us, payload, delivered) VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING',
  );
  const mark = db.prepare('UPDATE crossing SET delivered = 1 WHERE key = ?');
  const find = db.prepare('SELECT key, at_us, payload, delivered FROM crossing WHERE key = ?');
  const select = db.prepare(
    'SELECT key, at_us, payload, delivered FROM crossing WHERE delivered = 0 ORDER BY at_us, key',
  );
  const unresolved = db.prepare(
    `SELECT key, at_us, payload, delivered FROM crossing c WHERE substr(key, -9) <> '|resolved'
      AND NOT EXISTS (SELECT 1 FROM crossing r WHERE r.key = c.key || '|resolved') ORDER BY at_us, key`,
  );
  return {
    add: ({ key, at, payload }) => insert.run(key, at, payload).changes === 1,
    markDelivered: (key) => {
      mark.run(key);
    },
    find: (key) => {
      const row = find.get(key);
      return row === undefined ? undefined : crossingOf(row);
    },
    undelivered: () => select.all().map(crossingOf),
    firing: () => unresolved.all().map(crossingOf),
  };
}

function crossingOf(row: Readonly<Record<string, SQLOutputValue>>): Crossing {
  return {
    key: String(row['key']),
    at: Number(row['at_us']),
    payload: String(row['payload']),
    delivered: row['delivered'] === 1,
  };
}
