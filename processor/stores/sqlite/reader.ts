import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { TraceCall, TraceCallQuery } from '../../window.ts';
import type { CostQuery, CostRow, Derivation, Entry, EntryQuery } from '../../ledger.ts';
import { HOUR } from '../../rollup.ts';
import { readCosts } from './costs.ts';
import { deriveCosts } from './derive.ts';
import { entryColumns, entryTables, readEntry, spanBlob, spanHash } from './entry-row.ts';
import { storeFailure } from './failure.ts';
import { readProgress } from './progress.ts';
import { condition, defineMatch } from './matchers.ts';
import { requireCurrent } from './schema.ts';
import { readTraceCalls } from './window.ts';

const SECOND = 1_000_000;

/** The reads of a ledger, plain and synchronous: run in a thread of their own by a server, directly by a command. */
export interface Reader {
  costs(query: CostQuery): CostRow[];
  derive(query: Pick<CostQuery, 'where' | 'from' | 'to'>): Derivation;
  entries(query: EntryQuery): Entry[];
  find(traceId: string, spanId: string): Entry[];
  firstUs(): number | undefined;
  traceCalls(query: TraceCallQuery): TraceCall[];
  close(): void;
}

/**
 * Opens a ledger for reading, beside a process that writes to it or not.
 *
 * @throws SpanledgerError `ledger_unusable` that names the path and what to do
 */
export function openReader(path: string): Reader {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
    requireCurrent(db, path);
    db.exec('PRAGMA cache_size = -65536; PRAGMA mmap_size = 134217728; PRAGMA temp_store = MEMORY');
    defineMatch(db);
    return createReader(db, path);
  } catch (error) {
    db?.close();
    throw storeFailure('ledger_unusable', path, error);
  }
}

function createReader(db: DatabaseSync, path: string): Reader {
  /** One snapshot for all statements of an answer, so that its lines sum to its total. */
  function snapshot<T>(read: () => T): T {
    try {
      db.exec('BEGIN');
      const answer = read();
      db.exec('COMMIT');
      return answer;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw storeFailure('ledger_unavailable', path, error);
    }
  }
  return {
    costs: (query) => snapshot(() => readCosts(db, query)),
    derive: (query) => snapshot(() => deriveCosts(db, query)),
    entries: (query) => snapshot(() => readEntries(db, query)),
    find: (traceId, spanId) => snapshot(() => findSpan(db, traceId, spanId)),
    firstUs: () =>
      snapshot(() => {
        const { kept } = readProgress(db);
        const sums = db.prepare('SELECT min(hour) AS first FROM rollup WHERE hour < ?').get(kept / HOUR)?.['first'];
        if (typeof sums === 'number') return sums * HOUR;
        const first = db.prepare('SELECT min(start_us) AS first FROM entry WHERE start_us >= ?').get(kept)?.['first'];
        return typeof first === 'number' ? first : undefined;
      }),
    traceCalls: (query) => snapshot(() => readTraceCalls(db, query)),
    close: () => db.close(),
  };
}

function readEntries(db: DatabaseSync, query: EntryQuery): Entry[] {
  const where = condition('e.dimension', query.where);
  // Else all entries would be looked at, in vain.
  const { sql: some, values: wanted } = condition('id', query.where);
  if (some !== '' && db.prepare(`SELECT 1 FROM dimension WHERE true${some} LIMIT 1`).get(...wanted) === undefined)
    return [];
  const ids = Object.entries(query.ids ?? {}).filter(([, value]) => value !== undefined);
  const conditions = ids.map(([name]) => ` AND coalesce(e.${idColumn(name)}, '') = ?`).join('');
  const after: SQLInputValue[] = [];
  if (query.after !== undefined) after.push(query.after.startUs, spanBlob(query.after), query.after.rev);
  const sql = `SELECT ${entryColumns} FROM ${entryTables}
    WHERE e.start_us >= ? AND e.start_us < ?${where.sql}${conditions}
    ${after.length > 0 ? 'AND (e.start_us, e.span, e.rev) < (?, ?, ?)' : ''}
    ORDER BY e.start_us DESC, e.span DESC, e.rev DESC LIMIT ?`;
  const values = [...where.values, ...ids.map(([, value]) => value)];
  return big(db, sql)
    .all(Math.max(query.from, readProgress(db).kept), query.to, ...values, ...after, query.limit)
    .map(readEntry);
}

/** Names, not text of the caller, go into SQL. */
function idColumn(name: string): 'task_id' | 'user_id' | 'session_id' {
  if (name === 'task_id' || name === 'user_id' || name === 'session_id') return name;
  throw new TypeError(`"${name}" is no id of an entry`);
}

/**
 * Where the time is not known, `span_index` is asked once for every hour that has entries: a few microseconds each. A
 * match there may be another span (24 bits), the entries of that second tell.
 */
function findSpan(db: DatabaseSync, traceId: string, spanId: string): Entry[] {
  if (!/^[0-9a-f]{32}$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId)) return [];
  const span = spanBlob({ traceId, spanId });
  const seconds = db
    .prepare(
      `WITH RECURSIVE hours (hour) AS (
         SELECT min(hour) FROM span_index
         UNION ALL SELECT (SELECT min(hour) FROM span_index WHERE hour > hours.hour) FROM hours WHERE hour IS NOT NULL
       )
       SELECT h.hour, s.second FROM hours h CROSS JOIN span_index s ON s.hour = h.hour AND s.hash = ?`,
    )
    .all(spanHash(span));
  const select = big(
    db,
    `SELECT ${entryColumns} FROM ${entryTables} WHERE e.start_us >= ? AND e.start_us < ? AND e.span = ?`,
  );
  const { folded, kept } = readProgress(db);
  const found = seconds.flatMap((row) => {
    const start = Number(row['hour']) * HOUR + Number(row['second']) * SECOND;
    return select.all(Math.max(start, kept), Math.min(start + SECOND, folded), span).map(readEntry);
  });
  // What is not in the index yet.
  found.push(...select.all(folded, Number.MAX_SAFE_INTEGER, span).map(readEntry));
  return found.toSorted((a, b) => a.rev - b.rev || a.startUs - b.startUs);
}

function big(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  return statement;
}
