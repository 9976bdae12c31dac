import { DatabaseSync } from 'node:sqlite';
import type { Revenue, RevenueChange, RevenueRow } from '../../revenue.ts';
import { joinSums, splitAmount, sumColumns } from './amount.ts';
import { storeFailure } from './failure.ts';
import { requireCurrent } from './schema.ts';

/** An import is one short write; the processor's own take milliseconds. */
const BUSY_MS = 5000;

/**
 * Opens the revenue in a ledger file, beside the processor that may be writing to the ledger.
 *
 * @throws SpanledgerError `ledger_unusable` where the file is missing, no ledger, or not of the newest version
 * @example const revenue = openSqliteRevenue('./spanledger.db');
 */
export function openSqliteRevenue(path: string): Revenue {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_MS });
    db.exec('PRAGMA synchronous = FULL');
    requireCurrent(db, path);
  } catch (error) {
    throw storeFailure('ledger_unusable', path, error);
  }
  const find = db.prepare('SELECT cost_nano, cost_rem FROM revenue WHERE month = ? AND customer_id = ? AND id = ?');
  find.setReadBigInts(true);
  const upsert = db.prepare(
    `INSERT INTO revenue (month, customer_id, id, cost_nano, cost_rem) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET cost_nano = excluded.cost_nano, cost_rem = excluded.cost_rem`,
  );
  const note = db.prepare('INSERT INTO revenue_import (at_us, rows) VALUES (?, ?)');
  const select = db.prepare(
    `SELECT customer_id, month, ${sumColumns} FROM revenue WHERE month BETWEEN ? AND ? GROUP BY month, customer_id`,
  );
  select.setReadBigInts(true);
  select.setReturnArrays(true);
  const newest = db.prepare('SELECT coalesce(max(id), 0) AS id FROM revenue_import');

  function putAll(rows: readonly RevenueRow[], at: number): RevenueChange {
    const change = { added: 0, changed: 0, same: 0 };
    db.exec('BEGIN IMMEDIATE');
    try {
      for (const { customerId, month, id, amount } of rows) {
        const [nano, rem] = splitAmount(amount);
        const before = find.get(month, customerId, id);
        const same = before !== undefined && before['cost_nano'] === nano && before['cost_rem'] === rem;
        change[before === undefined ? 'added' : same ? 'same' : 'changed']++;
        if (!same) upsert.run(month, customerId, id, nano, rem);
      }
      note.run(at, rows.length);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
    return change;
  }

  async function attempt<T>(action: () => T): Promise<T> {
    try {
      return action();
    } catch (error) {
      throw storeFailure('ledger_unavailable', path, error);
    }
  }

  return {
    put: (rows, at) => attempt(() => putAll(rows, at)),
    sums: (from, to) =>
      attempt(() =>
        (select.all(from, to) as unknown as readonly (readonly [string, string, bigint, bigint, bigint])[]).map(
          ([customerId, month, high, low, rem]) => ({ customerId, month, amount: joinSums(high, low, rem) }),
        ),
      ),
    version: () => attempt(() => Number(newest.get()?.['id'])),
    async close() {
      if (db.isOpen) db.close();
    },
  };
}
