import type { ClientBase } from 'pg';
import type { Held, HeldKey, Window } from '../../window.ts';
import type { Database } from './database.ts';
import type { Row } from './entry-row.ts';
import { decodeText, encodeText } from './texts.ts';

const columns = `encode(trace, 'hex') AS trace, encode(span, 'hex') AS span, kind, state, start_us, end_us, due_us, body`;
const wanted = 'unnest($1::bytea[], $2::bytea[], $3::text[]) AS w (trace, span, kind)';
const same = 'h.trace = w.trace AND h.span = w.span AND h.kind = w.kind';

/** What is held back, seen by all processors. Rows are locked in the order of their key, or passed over. */
export function createHeldRows(database: Database, s: string): Omit<Window, 'calls'> {
  const ask = async (sql: string, values: readonly unknown[]): Promise<Held[]> => {
    const { rows } = await database.use((client) => client.query<Row>(sql, [...values]));
    return rows.map(heldOf);
  };
  const change = async (sql: string, keys: readonly HeldKey[], ...values: (string | number)[]): Promise<void> => {
    if (keys.length === 0) return;
    const locked = `SELECT h.trace, h.span, h.kind FROM ${s}.held h JOIN ${wanted} ON ${same}
      ORDER BY h.trace, h.span, h.kind FOR UPDATE OF h`;
    await database.use((client: ClientBase) =>
      client.query(`WITH w AS (${locked}) ${sql}`, [...keyColumns(keys), ...values]),
    );
  };
  return {
    async hold(held) {
      if (held.length === 0) return;
      const rows = held.toSorted((a, b) => (keyText(a) < keyText(b) ? -1 : 1));
      await database.use((client) =>
        client.query(
          `INSERT INTO ${s}.held (trace, span, kind, state, start_us, end_us, due_us, body)
           SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
             $8::text[]) ON CONFLICT DO NOTHING`,
          [
            ...keyColumns(rows),
            rows.map(({ state }) => state),
            rows.map(({ startUs }) => startUs),
            rows.map(({ endUs }) => endUs),
            rows.map(({ dueUs }) => dueUs),
            rows.map(({ body }) => encodeText(body)),
          ],
        ),
      );
    },
    ofTraces: async (traceIds) =>
      traceIds.length === 0
        ? []
        : ask(`SELECT ${columns} FROM ${s}.held WHERE trace = ANY($1::bytea[]) ORDER BY start_us, span`, [
            traceIds.map((id) => `\\x${id}`),
          ]),
    async claim({ now, until, limit }) {
      const claimed = await ask(
        `WITH w AS (SELECT trace, span, kind, due_us AS due FROM ${s}.held WHERE due_us <= $1 ORDER BY due_us LIMIT $2
           FOR UPDATE SKIP LOCKED), claimed AS (
           UPDATE ${s}.held h SET due_us = $3 FROM w WHERE ${same} RETURNING h.*, w.due)
         SELECT ${columns.replace('due_us', 'due AS due_us')} FROM claimed ORDER BY due, start_us`,
        [now, limit, until],
      );
      return claimed;
    },
    mark: (keys, { state, dueUs }) =>
      change(`UPDATE ${s}.held h SET state = $4, due_us = $5 FROM w WHERE ${same}`, keys, state, dueUs),
    release: (keys) => change(`DELETE FROM ${s}.held h USING w WHERE ${same}`, keys),
    openCalls: (limit) =>
      ask(
        `SELECT ${columns} FROM ${s}.held WHERE kind = 'open' AND state = 'waiting' ORDER BY start_us DESC LIMIT $1`,
        [limit],
      ),
    async waiting() {
      const { rows } = await database.use((client) =>
        client.query<{ kind: string; rows: string }>(
          `SELECT kind, count(*) AS rows FROM ${s}.held WHERE state = 'waiting' GROUP BY kind`,
        ),
      );
      const counts = new Map(rows.map((row) => [row.kind, Number(row.rows)]));
      return { aggregate: counts.get('aggregate') ?? 0, open: counts.get('open') ?? 0 };
    },
  };
}

function keyColumns(keys: readonly HeldKey[]): [string[], string[], string[]] {
  return [
    keys.map(({ traceId }) => `\\x${traceId}`),
    keys.map(({ spanId }) => `\\x${spanId}`),
    keys.map(({ kind }) => kind),
  ];
}

function keyText({ traceId, spanId, kind }: HeldKey): string {
  return traceId + spanId + kind;
}

function heldOf(row: Row): Held {
  return {
    traceId: String(row['trace']),
    spanId: String(row['span']),
    kind: row['kind'] as Held['kind'],
    state: row['state'] as Held['state'],
    startUs: Number(row['start_us']),
    endUs: Number(row['end_us']),
    dueUs: Number(row['due_us']),
    body: decodeText(String(row['body'])),
  };
}
