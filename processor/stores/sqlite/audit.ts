import type { DatabaseSync } from 'node:sqlite';
import type { AuditRow } from '../../ledger.ts';

/** What was done to the ledger besides taking calls. */
export function createAudit(db: DatabaseSync) {
  const insert = db.prepare('INSERT INTO audit (id, at_us, action, detail) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const select = db.prepare('SELECT id, at_us, action, detail FROM audit ORDER BY at_us DESC, id LIMIT ?');
  return {
    add: ({ id, at, action, detail }: AuditRow): boolean => insert.run(id, at, action, detail).changes === 1,
    list: (limit: number): AuditRow[] =>
      select.all(limit).map((row) => ({
        id: String(row['id']),
        at: Number(row['at_us']),
        action: String(row['action']),
        detail: String(row['detail']),
      })),
  };
}
