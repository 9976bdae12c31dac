import type { ClientBase } from 'pg';
import type { UsageState } from '../../../pricing/usage/usage.ts';
import type { Entry, EntryQuery, LedgerReader } from '../../ledger.ts';
import { HOUR } from '../../rollup.ts';
import type { TraceCall, TraceCallQuery } from '../../window.ts';
import { readCosts } from './costs.ts';
import type { Database } from './database.ts';
import { deriveCosts } from './derive.ts';
import { entryColumns, entryJoins, readEntry, spanPart, type Row } from './entry-row.ts';
import { condition } from './matchers.ts';
import { readProgress } from './progress.ts';
import { decodeText, encodeText } from './texts.ts';

type Read = <T>(work: (client: ClientBase) => Promise<T>) => Promise<T>;

/** The reads of a ledger, each from one snapshot. */
export function createReader(s: string, read: Read): Omit<LedgerReader, 'close'> {
  return {
    costs: (query) => read((client) => readCosts(client, s, query)),
    derive: (query) => read((client) => deriveCosts(client, s, query)),
    entries: (query) => read((client) => readEntries(client, s, query)),
    find: (traceId, spanId) => read((client) => findCall(client, s, traceId, spanId)),
    firstUs: () => read((client) => readFirst(client, s)),
    traceCalls: (query) => read((client) => readTraceCalls(client, s, query)),
  };
}

/** For commands that only ask. */
export function readerOf(database: Database, s: string): Omit<LedgerReader, 'close'> {
  return createReader(s, (work) => database.snapshot(work));
}

const kept = (s: string): string => `(SELECT kept_us FROM ${s}.progress)`;

async function readEntries(client: ClientBase, s: string, query: EntryQuery): Promise<Entry[]> {
  const { kept: begin } = await readProgress(client, s);
  const values: (string | number | readonly string[])[] = [Math.max(query.from, begin), query.to, query.limit];
  const where = await condition(client, s, 'e.dimension', query.where, values.length + 1);
  values.push(...where.values);
  let conditions = where.sql;
  for (const [name, value] of Object.entries(query.ids ?? {})) {
    if (value === undefined) continue;
    values.push(encodeText(value));
    conditions += ` AND coalesce(e.${idColumn(name)}, '') = $${values.length}`;
  }
  if (query.after !== undefined) {
    const { startUs, traceId, spanId, rev } = query.after;
    values.push(startUs, `\\x${traceId}${spanId}`, rev);
    const [a, b, c] = [values.length - 2, values.length - 1, values.length];
    conditions += ` AND (e.start_us, e.span, e.rev) < ($${a}::bigint, $${b}::bytea, $${c}::integer)`;
  }
  const { rows } = await client.query<Row>(
    `SELECT ${entryColumns} FROM (
       SELECT * FROM ${s}.entry e WHERE e.start_us >= $1 AND e.start_us < $2${conditions}
       ORDER BY e.start_us DESC, e.span DESC, e.rev DESC LIMIT $3
     ) e ${entryJoins(s)} ORDER BY e.start_us DESC, e.span DESC, e.rev DESC`,
    values,
  );
  return rows.map(readEntry);
}

/** Names, not text of the caller, go into SQL. */
function idColumn(name: string): 'task_id' | 'user_id' | 'session_id' {
  if (name === 'task_id' || name === 'user_id' || name === 'session_id') return name;
  throw new TypeError(`"${name}" is no id of an entry`);
}

async function findCall(client: ClientBase, s: string, traceId: string, spanId: string): Promise<Entry[]> {
  if (!/^[0-9a-f]{32}$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId)) return [];
  const { rows } = await client.query<Row>(
    `SELECT ${entryColumns} FROM ${s}.entry e ${entryJoins(s)}
     WHERE e.span_part = $1 AND e.span = $2 AND e.start_us >= ${kept(s)} ORDER BY e.rev, e.start_us`,
    [spanPart(spanId), `\\x${traceId}${spanId}`],
  );
  return rows.map(readEntry);
}

async function readFirst(client: ClientBase, s: string): Promise<number | undefined> {
  const { kept: begin } = await readProgress(client, s);
  const ask = async (sql: string, value: number): Promise<number | undefined> => {
    const first = (await client.query<{ first: string | number | null }>(sql, [value])).rows[0]?.first ?? null;
    return first === null ? undefined : Number(first);
  };
  const sums = await ask(`SELECT min(hour) AS first FROM ${s}.rollup WHERE hour < $1`, Math.floor(begin / HOUR));
  if (sums !== undefined) return sums * HOUR;
  return ask(`SELECT min(start_us) AS first FROM ${s}.entry WHERE start_us >= $1`, begin);
}

/** From the entries of that time, whose key begins with it; the newest revision counts if it is an even one. */
async function readTraceCalls(
  client: ClientBase,
  s: string,
  { traceIds, from, to }: TraceCallQuery,
): Promise<TraceCall[]> {
  if (traceIds.length === 0) return [];
  const { rows } = await client.query<Row>(
    `SELECT DISTINCT ON (e.start_us, e.span) e.start_us, encode(e.span, 'hex') AS span, e.rev, e.duration_us, e.response_id,
       k.usage_state
     FROM ${s}.entry e JOIN ${s}.call_kind k ON k.id = e.kind
     WHERE e.start_us >= $1 AND e.start_us < $2 AND substr(e.span, 1, 16) = ANY($3::bytea[])
     ORDER BY e.start_us, e.span, e.rev DESC`,
    [from, to, traceIds.map((id) => `\\x${id}`)],
  );
  return rows
    .filter((row) => Number(row['rev']) % 2 === 0)
    .map((row) => ({
      traceId: String(row['span']).slice(0, 32),
      spanId: String(row['span']).slice(32),
      startUs: Number(row['start_us']),
      durationUs: Number(row['duration_us']),
      usageState: String(row['usage_state']) as UsageState,
      responseId: row['response_id'] === null ? '' : decodeText(String(row['response_id'])),
    }));
}
