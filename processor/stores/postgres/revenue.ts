import { formatUsd, parseUsd } from '../../../pricing/money.ts';
import type { MonthlyRevenue, Revenue, RevenueRow } from '../../revenue.ts';
import { openDatabase } from './database.ts';
import { readLocation } from './location.ts';
import { hashOf } from './numbered.ts';
import { requireCurrent } from './schema.ts';
import { decodeText, encodeText } from './texts.ts';

/**
 * Opens the revenue that is kept beside the ledger of a database.
 *
 * @throws SpanledgerError where there is no ledger of the newest version, or no database
 * @example const revenue = await openPostgresRevenue('postgres://ledger@localhost/costs');
 */
export async function openPostgresRevenue(url: string): Promise<Revenue> {
  const location = readLocation(url);
  const s = location.schema;
  const database = openDatabase(location, 2);
  try {
    await database.use((client) => requireCurrent(client, location));
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    put: (rows, at) =>
      database.transaction(async (client) => {
        // One import after the other.
        await client.query(`LOCK TABLE ${s}.revenue IN SHARE ROW EXCLUSIVE MODE`);
        // The same row twice in one import: the last one holds, and each is counted against the one before.
        const change = { added: 0, changed: 0, same: 0 };
        const found = await client.query<{ month: string; digest: Buffer; amount: string }>(
          `SELECT month, digest, amount FROM ${s}.revenue WHERE month = ANY($1::text[])`,
          [[...new Set(rows.map(({ month }) => month))]],
        );
        const amounts = new Map(
          found.rows.map((row) => [row.month + row.digest.toString('hex'), parseUsd(row.amount)]),
        );
        const written = new Map<string, RevenueRow>();
        for (const row of rows) {
          const key = row.month + digestOf(row).toString('hex');
          const before = amounts.get(key);
          change[before === undefined ? 'added' : before === row.amount ? 'same' : 'changed']++;
          if (before !== row.amount) written.set(key, row);
          amounts.set(key, row.amount);
        }
        const all = [...written.values()];
        await client.query(
          `INSERT INTO ${s}.revenue (month, digest, customer_id, id, amount)
           SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::numeric[])
           ON CONFLICT (month, digest) DO UPDATE SET amount = excluded.amount`,
          [
            all.map(({ month }) => month),
            all.map(digestOf),
            all.map(({ customerId }) => encodeText(customerId)),
            all.map(({ id }) => encodeText(id)),
            all.map(({ amount }) => formatUsd(amount)),
          ],
        );
        await client.query(`INSERT INTO ${s}.revenue_import (at_us, rows) VALUES ($1, $2)`, [at, rows.length]);
        return change;
      }),
    async sums(from, to) {
      const { rows } = await database.use((client) =>
        client.query<{ customer_id: string; month: string; amount: string }>(
          `SELECT customer_id, month, sum(amount) AS amount FROM ${s}.revenue WHERE month BETWEEN $1 AND $2 GROUP BY 1, 2`,
          [from, to],
        ),
      );
      return rows.map((row): MonthlyRevenue => ({
        customerId: decodeText(row.customer_id),
        month: row.month,
        amount: parseUsd(row.amount),
      }));
    },
    async version() {
      const { rows } = await database.use((client) =>
        client.query<{ id: string }>(`SELECT coalesce(max(id), 0) AS id FROM ${s}.revenue_import`),
      );
      return Number(rows[0]?.id);
    },
    close: () => database.close(),
  };
}

function digestOf({ customerId, id }: RevenueRow): Buffer {
  return hashOf([customerId, id]);
}
