import type { AuditRow, Crossing, Ledger } from '../../ledger.ts';
import type { Database } from './database.ts';
import type { Row } from './entry-row.ts';
import { decodeText, encodeText } from './texts.ts';

/** A key may be longer than an index takes: it is found by its digest. */
const digest = (key: string): string => `sha256(convert_to(${key}, 'UTF8'))`;

type Records = Pick<
  Ledger,
  'addAudit' | 'audit' | 'addCrossing' | 'crossing' | 'markDelivered' | 'undelivered' | 'firing'
>;

/** What is remembered for ever: thresholds that were crossed, and what was done to the ledger. */
export function createRecords(database: Database, s: string): Records {
  const run = (sql: string, values: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number | null }> =>
    database.use((client) => client.query<Row>(sql, [...values]));
  const crossings = async (condition: string, values: readonly unknown[] = []): Promise<Crossing[]> =>
    (
      await run(
        `SELECT key, at_us, payload, delivered FROM ${s}.crossing c WHERE ${condition} ORDER BY at_us, key`,
        values,
      )
    ).rows.map(crossingOf);
  return {
    async addAudit({ id, at, action, detail }) {
      const values = [encodeText(id), at, action, encodeText(detail)];
      const sql = `INSERT INTO ${s}.audit (id, at_us, action, detail) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`;
      return (await run(sql, values)).rowCount === 1;
    },
    async audit(limit) {
      const sql = `SELECT id, at_us, action, detail FROM ${s}.audit ORDER BY at_us DESC, id LIMIT $1`;
      return (await run(sql, [limit])).rows.map(auditOf);
    },
    async addCrossing({ key, at, payload }) {
      const sql = `INSERT INTO ${s}.crossing (digest, key, at_us, payload, delivered)
        VALUES (${digest('$1')}, $1, $2, $3, false) ON CONFLICT DO NOTHING`;
      return (await run(sql, [encodeText(key), at, encodeText(payload)])).rowCount === 1;
    },
    crossing: async (key) => (await crossings(`digest = ${digest('$1')}`, [encodeText(key)]))[0],
    async markDelivered(key) {
      await run(`UPDATE ${s}.crossing SET delivered = true WHERE digest = ${digest('$1')}`, [encodeText(key)]);
    },
    undelivered: () => crossings('NOT delivered'),
    firing: () =>
      crossings(`right(key, 9) <> '|resolved'
        AND NOT EXISTS (SELECT 1 FROM ${s}.crossing r WHERE r.digest = ${digest("c.key || '|resolved'")})`),
  };
}

function crossingOf(row: Row): Crossing {
  return {
    key: decodeText(String(row['key'])),
    at: Number(row['at_us']),
    payload: decodeText(String(row['payload'])),
    delivered: row['delivered'] === true,
  };
}

function auditOf(row: Row): AuditRow {
  return {
    id: decodeText(String(row['id'])),
    at: Number(row['at_us']),
    action: String(row['action']),
    detail: decodeText(String(row['detail'])),
  };
}
