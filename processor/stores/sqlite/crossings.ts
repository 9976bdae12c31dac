import type { DatabaseSync } from 'node:sqlite';
import type { Crossing } from '../../ledger.ts';

/** What has to be remembered for ever so that no threshold fires twice. */
export interface Crossings {
  add(crossing: Omit<Crossing, 'delivered'>): boolean;
  markDelivered(key: string): void;
  undelivered(): Crossing[];
}

export function createCrossings(db: DatabaseSync): Crossings {
  const insert = db.prepare(
    'INSERT INTO crossing (key, at_us, payload, delivered) VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING',
  );
  const mark = db.prepare('UPDATE crossing SET delivered = 1 WHERE key = ?');
  const select = db.prepare('SELECT key, at_us, payload FROM crossing WHERE delivered = 0 ORDER BY at_us, key');
  return {
    add: ({ key, at, payload }) => insert.run(key, at, payload).changes === 1,
    markDelivered: (key) => {
      mark.run(key);
    },
    undelivered: () =>
      select.all().map((row) => ({
        key: String(row['key']),
        at: Number(row['at_us']),
        payload: String(row['payload']),
        delivered: false,
      })),
  };
}
