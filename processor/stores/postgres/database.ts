import { DatabaseError, Pool, type ClientBase, type PoolClient } from 'pg';
import { SpanledgerError } from '../../errors.ts';
import { storeFailure } from './failure.ts';
import type { Location } from './location.ts';

/** Longest that a statement, and a wait for a lock, may take at the server; the client waits a little longer. */
const STATEMENT_MS = 30_000;
const LOCK_MS = 10_000;
const CONNECT_MS = 5_000;

const settings = `SET statement_timeout = ${STATEMENT_MS}; SET lock_timeout = ${LOCK_MS};
  SET idle_in_transaction_session_timeout = ${2 * STATEMENT_MS}; SET TimeZone = 'UTC'; SET jit = off`;

/** Not as parameters of the connection: poolers in between refuse those. The pool waits for it. */
const prepare = (client: ClientBase): unknown => client.query(settings);

/** What was known when a transaction was prepared does not hold any more: prepare it again. */
export class Stale extends Error {}

/** Connections to one server, and how work is done on them. */
export interface Database {
  /** Work outside of a transaction. */
  use<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
  /** One snapshot for all statements of an answer, so that its lines sum to its total. */
  snapshot<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
  /** All of it or nothing. With '' in the place of `begin`, `work` begins the transaction, which saves a round trip. */
  transaction<T>(work: (client: PoolClient) => Promise<T>, begin?: string): Promise<T>;
  close(): Promise<void>;
}

/**
 * Opens no connection yet. A connection that breaks is thrown away and the next use opens another: the server may come and
 * go. Everything rejects with `ledger_unavailable`, naming host and database.
 */
export function openDatabase({ url, shown }: Location, connections: number): Database {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    // Longer than the server needs to give up: else a network that swallows packets would hold us for hours.
    query_timeout: STATEMENT_MS + 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'spanledger',
    onConnect: prepare,
  });
  // One that breaks while idle: the pool has removed it already.
  pool.on('error', () => undefined);
  let closed = false;

  async function use<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    if (closed) throw new SpanledgerError('ledger_unavailable', `ledger ${shown}: it is closed`);
    let client: PoolClient | undefined;
    let broken = false;
    const onError = (): void => {
      broken = true;
    };
    try {
      client = await pool.connect();
      client.on('error', onError);
      return await work(client);
    } catch (error) {
      // A statement that was given up may be running still: its connection is not used again.
      broken ||= isBroken(error);
      throw storeFailure('ledger_unavailable', shown, error);
    } finally {
      client?.off('error', onError);
      client?.release(broken);
    }
  }

  const transaction = <T>(work: (client: PoolClient) => Promise<T>, begin = 'BEGIN'): Promise<T> =>
    use(async (client) => {
      try {
        if (begin !== '') await client.query(begin);
        const answer = await work(client);
        await client.query('COMMIT');
        return answer;
      } catch (error) {
        if (!isBroken(error)) await client.query('ROLLBACK');
        throw error;
      }
    });

  return {
    use,
    transaction,
    snapshot: (work) => transaction(work, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'),
    async close() {
      if (closed) return;
      closed = true;
      await pool.end();
    },
  };
}

/** Whether the connection can't be used again: the error is not one that the server gave to a statement. */
function isBroken(error: unknown): boolean {
  if (error instanceof SpanledgerError || error instanceof Stale || error instanceof RangeError) return false;
  return !(error instanceof DatabaseError) || error.severity === 'FATAL' || error.severity === 'PANIC';
}
