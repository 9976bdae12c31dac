import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { UsageState } from '../../../pricing/usage/usage.ts';
import type { Held, HeldKey, TraceCall, TraceCallQuery, Window } from '../../window.ts';

/**
 * Few rows: an aggregate whose parts are known is never written, and what is settled goes again.
 * Their key begins with the trace because that is how late spans ask.
 */
export const heldTable = `CREATE TABLE held (
    trace BLOB NOT NULL, span BLOB NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
    start_us INTEGER NOT NULL, end_us INTEGER NOT NULL, due_us INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (trace, span, kind)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX held_by_due ON held (due_us);
  CREATE INDEX held_open ON held (start_us) WHERE kind = 'open' AND state = 'waiting';`;

const columns = 'trace, span, kind, state, start_us, end_us, due_us, body';
const byKey = 'trace = ? AND span = ? AND kind = ?';

type Synchronous<T> = {
  readonly [M in keyof T]: T[M] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};
/** `calls` is asked of the reader, since it may read many entries. */
export type HeldRows = Synchronous<Omit<Window, 'calls'>>;

export function createHeldRows(db: DatabaseSync): HeldRows {
  const insert = db.prepare(`INSERT INTO held (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const some = db.prepare('SELECT EXISTS (SELECT 1 FROM held) AS some');
  const ofTraces = db.prepare(
    `SELECT ${columns} FROM held WHERE trace IN (SELECT unhex(value) FROM json_each(?)) ORDER BY start_us, span`,
  );
  const due = db.prepare(`SELECT ${columns} FROM held WHERE due_us <= ? ORDER BY due_us LIMIT ?`);
  const mark = db.prepare(`UPDATE held SET state = ?, due_us = ? WHERE ${byKey}`);
  const put = db.prepare(`UPDATE held SET due_us = ? WHERE ${byKey}`);
  const remove = db.prepare(`DELETE FROM held WHERE ${byKey}`);
  const open = db.prepare(
    `SELECT ${columns} FROM held WHERE kind = 'open' AND state = 'waiting' ORDER BY start_us DESC LIMIT ?`,
  );
  const count = db.prepare(`SELECT kind, count(*) AS rows FROM held WHERE state = 'waiting' GROUP BY kind`);

  function inTransaction<T>(work: () => T): T {
    db.exec('BEGIN IMMEDIATE');
    try {
      const answer = work();
      db.exec('COMMIT');
      return answer;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  return {
    hold: (held) => {
      if (held.length === 0) return;
      inTransaction(() => {
        for (const one of held) insert.run(...keyValues(one), one.state, one.startUs, one.endUs, one.dueUs, one.body);
      });
    },
    ofTraces: (traceIds) =>
      // Asked with every request that holds calls, and nothing is held, mostly.
      traceIds.length === 0 || some.get()?.['some'] === 0 ? [] : ofTraces.all(JSON.stringify(traceIds)).map(heldOf),
    claim: ({ now, until, limit }) =>
      inTransaction(() => {
        const claimed = due.all(now, limit).map(heldOf);
        for (const one of claimed) put.run(until, ...keyValues(one));
        return claimed;
      }),
    mark: (keys, { state, dueUs }) =>
      inTransaction(() => {
        for (const key of keys) mark.run(state, dueUs, ...keyValues(key));
      }),
    release: (keys) =>
      inTransaction(() => {
        for (const key of keys) remove.run(...keyValues(key));
      }),
    openCalls: (limit) => open.all(limit).map(heldOf),
    waiting: () => {
      const rows = new Map(count.all().map((row) => [row['kind'], Number(row['rows'])]));
      return { aggregate: rows.get('aggregate') ?? 0, open: rows.get('open') ?? 0 };
    },
  };
}

/** From the entries of that time, whose key begins with it; the newest revision counts if it is an even one. */
export function readTraceCalls(db: DatabaseSync, { traceIds, from, to }: TraceCallQuery): TraceCall[] {
  return db
    .prepare(
      `SELECT e.start_us, e.span, max(e.rev) AS rev, e.duration_us, e.response_id, k.usage_state
       FROM entry e JOIN call_kind k ON k.id = e.kind
       WHERE e.start_us >= ? AND e.start_us < ? AND substr(e.span, 1, 16) IN (SELECT unhex(value) FROM json_each(?))
       GROUP BY e.start_us, e.span HAVING max(e.rev) % 2 = 0`,
    )
    .all(from, to, JSON.stringify(traceIds))
    .map((row) => {
      const span = hex(row['span']);
      return {
        traceId: span.slice(0, 32),
        spanId: span.slice(32),
        startUs: Number(row['start_us']),
        durationUs: Number(row['duration_us']),
        usageState: String(row['usage_state']) as UsageState,
        responseId: row['response_id'] === null ? '' : String(row['response_id']),
      };
    });
}

function keyValues({ traceId, spanId, kind }: HeldKey): [Buffer, Buffer, string] {
  return [Buffer.from(traceId, 'hex'), Buffer.from(spanId, 'hex'), kind];
}

function heldOf(row: Readonly<Record<string, SQLOutputValue>>): Held {
  return {
    traceId: hex(row['trace']),
    spanId: hex(row['span']),
    kind: row['kind'] as Held['kind'],
    state: row['state'] as Held['state'],
    startUs: Number(row['start_us']),
    endUs: Number(row['end_us']),
    dueUs: Number(row['due_us']),
    body: String(row['body']),
  };
}

function hex(value: SQLOutputValue | undefined): string {
  return Buffer.from(value as Uint8Array).toString('hex');
}
