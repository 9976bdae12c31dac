import { randomBytes } from 'node:crypto';
import type { ClientBase } from 'pg';
import type { Micros } from '../../../pricing/charge.ts';
import { dimensionNames } from '../../ledger.ts';
import { HOUR } from '../../rollup.ts';
import { renamedJson } from '../renamed-json.ts';
import type { Database } from './database.ts';
import type { Row } from './entry-row.ts';
import type { Location } from './location.ts';
import { hashOf } from './numbered.ts';
import { alone } from './retention.ts';
import { decodeText, encodeText } from './texts.ts';

const DAY = 24 * HOUR;

export interface Erased {
  /** Stands for the customer from now on. */
  readonly token: string;
  readonly calls: number;
}

/**
 * Puts a random token in the place of a customer's id: in dimensions, sums, alerts, revenue, what is held back and the audit
 * log. User ids, session ids and free tags of its calls go. Sums and counts stay what they are, and nothing leads from the
 * token to the id. Processors may be running: calls that come later with that id are those of a new customer. Stopped halfway
 * it may be begun again.
 *
 * @returns undefined where nothing of this customer is in the ledger
 */
export async function eraseCustomer(
  database: Database,
  location: Location,
  id: string,
  now: Micros,
  done: (part: number) => void = () => undefined,
): Promise<Erased | undefined> {
  const { schema: s } = location;
  const stored = encodeText(id);
  const { rows: found } = await database.use((client) =>
    client.query(`SELECT 1 FROM ${s}.dimension WHERE customer_id = $1 LIMIT 1`, [stored]),
  );
  if (found.length === 0) return undefined;
  const token = `erased-${randomBytes(8).toString('hex')}`;
  const { rows: began } = await database.use((client) =>
    client.query<{ snapshot: string }>('SELECT pg_current_snapshot()::text AS snapshot'),
  );
  const { rows: days } = await database.use((client) =>
    client.query<{ day: number }>(`SELECT DISTINCT (start_us / ${DAY})::integer AS day FROM ${s}.entry ORDER BY 1`),
  );
  for (const [index, { day }] of days.entries()) {
    const range = `start_us >= ${day * DAY} AND start_us < ${(day + 1) * DAY}`;
    await database.transaction((client) => cleanEntries(client, s, id, token, range));
    done((index + 1) / (days.length + 1));
  }
  const calls = await alone(database, location, async (client) => {
    // What came in meanwhile.
    const since = `tx >= pg_snapshot_xmin('${began[0]?.snapshot ?? ''}'::pg_snapshot)`;
    await cleanEntries(client, s, id, token, since);
    const { rows } = await client.query<{ calls: string }>(
      `SELECT count(*) AS calls FROM ${s}.entry WHERE dimension IN (SELECT id FROM ${s}.dimension WHERE customer_id = $1)`,
      [stored],
    );
    await renameDimensions(client, s, id, token);
    await renameTexts(client, s, id, token);
    await renameRevenue(client, s, id, token);
    await client.query(`UPDATE ${s}.progress SET epoch = epoch + 1`);
    const erased = Number(rows[0]?.calls);
    const detail = JSON.stringify({ token, calls: erased });
    await client.query(`INSERT INTO ${s}.audit (id, at_us, action, detail) VALUES ($1, $2, 'erase', $3)`, [
      `erase ${token}`,
      now,
      detail,
    ]);
    return erased;
  });
  // What was overwritten stands on its page until then.
  for (const table of ['entry', 'dimension', 'crossing', 'held', 'audit', 'revenue'])
    await database.use(async (client) => {
      await client.query('SET statement_timeout = 0');
      await client.query(`VACUUM ${s}.${table}`);
      await client.query('RESET statement_timeout');
    });
  done(1);
  return { token, calls };
}

async function cleanEntries(client: ClientBase, s: string, id: string, token: string, range: string): Promise<void> {
  const own = `dimension IN (SELECT id FROM ${s}.dimension WHERE customer_id = $1)`;
  const stored = encodeText(id);
  await client.query(
    `UPDATE ${s}.entry SET user_id = NULL, session_id = NULL WHERE ${range} AND ${own}
       AND (user_id IS NOT NULL OR session_id IS NOT NULL)`,
    [stored],
  );
  await client.query(`UPDATE ${s}.entry SET user_id = NULL WHERE ${range} AND user_id = $1`, [stored]);
  // Tags of calls of others may name it.
  const { rows } = await client.query<Row>(
    `SELECT start_us, encode(span, 'hex') AS span, rev, more, ${own} AS own FROM ${s}.entry
     WHERE ${range} AND more IS NOT NULL AND (strpos(more, $2) > 0 OR ${own} AND more LIKE '%"extra":%')`,
    [stored, JSON.stringify(id).slice(1, -1)],
  );
  for (const row of rows) {
    const more = row['own'] === true ? withoutTags(String(row['more'])) : String(row['more']);
    await client.query(`UPDATE ${s}.entry SET more = $1 WHERE start_us = $2 AND span = $3::bytea AND rev = $4`, [
      more === undefined ? null : renamedJson(more, id, token),
      row['start_us'],
      `\\x${String(row['span'])}`,
      row['rev'],
    ]);
  }
}

function withoutTags(json: string): string | undefined {
  const { extra: _, ...more } = JSON.parse(json) as Readonly<Record<string, unknown>>;
  return Object.keys(more).length === 0 ? undefined : JSON.stringify(more);
}

/** With their hashes, by which a guessed id could be confirmed. */
async function renameDimensions(client: ClientBase, s: string, id: string, token: string): Promise<void> {
  const { rows } = await client.query<Row>(
    `SELECT id, ${dimensionNames.join(', ')} FROM ${s}.dimension WHERE customer_id = $1`,
    [encodeText(id)],
  );
  for (const row of rows) {
    const values = dimensionNames.map((name) => (name === 'customer_id' ? token : decodeText(String(row[name]))));
    await client.query(`UPDATE ${s}.dimension SET customer_id = $1, hash = $2 WHERE id = $3`, [
      token,
      hashOf(values),
      row['id'],
    ]);
  }
}

/** In texts of JSON, and in the keys of alerts, which hold their labels as JSON. */
async function renameTexts(client: ClientBase, s: string, id: string, token: string): Promise<void> {
  const tables = [
    { table: 'crossing', key: ['digest'], body: 'payload' },
    { table: 'held', key: ['trace', 'span', 'kind'], body: 'body' },
    { table: 'audit', key: ['id'], body: 'detail' },
  ] as const;
  for (const { table, key, body } of tables) {
    const { rows } = await client.query<Record<string, unknown>>(
      `SELECT ${key.join(', ')}, ${body} FROM ${s}.${table}`,
    );
    const where = key.map((column, index) => `${column} = $${index + 2}`).join(' AND ');
    for (const row of rows) {
      const before = decodeText(String(row[body]));
      const after = renamedJson(before, id, token);
      if (after !== before)
        await client.query(`UPDATE ${s}.${table} SET ${body} = $1 WHERE ${where}`, [
          encodeText(after),
          ...key.map((column) => row[column]),
        ]);
    }
  }
  const label = (value: string): string => encodeText(`"customer_id":${JSON.stringify(value)}`);
  await client.query(
    `UPDATE ${s}.crossing SET key = replace(key, $1, $2), digest = sha256(convert_to(replace(key, $1, $2), 'UTF8'))
     WHERE strpos(key, $1) > 0`,
    [label(id), label(token)],
  );
}

async function renameRevenue(client: ClientBase, s: string, id: string, token: string): Promise<void> {
  const { rows } = await client.query<{ month: string; digest: Buffer; id: string }>(
    `SELECT month, digest, id FROM ${s}.revenue WHERE customer_id = $1`,
    [encodeText(id)],
  );
  for (const row of rows)
    await client.query(`UPDATE ${s}.revenue SET customer_id = $1, digest = $2 WHERE month = $3 AND digest = $4`, [
      token,
      hashOf([token, decodeText(row.id)]),
      row.month,
      row.digest,
    ]);
}
