import { SpanledgerError } from '../errors.ts';
import type { Appended, Entry, Ledger, LedgerReader } from '../ledger.ts';
import type { Retention } from '../retention.ts';
import { openDatabase, type Database } from './postgres/database.ts';
import { storeFailure } from './postgres/failure.ts';
import { createFeed } from './postgres/feed.ts';
import { COPY_AT } from './postgres/insert.ts';
import { readLocation, type Location } from './postgres/location.ts';
import { createReader } from './postgres/reader.ts';
import { createRecords } from './postgres/records.ts';
import { retain } from './postgres/retention.ts';
import { migrate, requireCurrent } from './postgres/schema.ts';
import { createHeldRows } from './postgres/window.ts';
import { createWriter } from './postgres/writer.ts';
import { requireAdjustments, requireCalls } from './valid-entry.ts';

/** Waiting requests share a commit up to this many entries. */
const GROUP = 1_000;
/** Commits under way at a time: while one waits for the disk, the next is sent. */
const COMMITS = 2;
const WRITERS = 6;
const READERS = 6;
/** More wait nowhere: their senders are told to come back. */
const MAX_WAITING = 200_000;
const HOUR_MS = 3_600_000;
const AHEAD_US = 35 * 24 * 3_600_000_000;

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database?schema=spanledger&sslmode=verify-full`. */
  readonly url: string;
  /** The same database on a server that follows, for questions. What it answers may be a moment old. */
  readonly replica?: string | undefined;
  readonly retention?: Retention | undefined;
  readonly now?: () => number;
  /** From how many rows on COPY is used. */
  readonly copyAt?: number;
}

interface Waiting {
  readonly entries: readonly Entry[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Opens or creates a ledger in PostgreSQL, which any number of processors may share. What `append` acknowledged is committed
 * there. A server that goes away rejects with `ledger_unavailable` until it is back; nothing has to be opened again.
 *
 * @throws SpanledgerError `ledger_unusable` that names host and database and what to do: can't be reached, no rights, written
 *   by a newer version. A RangeError for a URL that is none
 * @example
 * const ledger = await openPostgresLedger({ url: 'postgres://ledger@localhost/costs' });
 * const [first] = await ledger.append([entry]); // { entry, inserted: true }
 * await ledger.close();
 */
export async function openPostgresLedger(options: PostgresOptions): Promise<Ledger> {
  const location = readLocation(options.url);
  const database = openDatabase(location, WRITERS);
  try {
    await database.use((client) => migrate(client, location));
    await database.use((client) => leaveForeignTransactions(client, location));
  } catch (error) {
    await database.close();
    const cause = error instanceof SpanledgerError && error.code === 'ledger_unavailable' ? error.cause : error;
    throw storeFailure('ledger_unusable', location.shown, cause);
  }
  return createLedger(database, location, options);
}

/** For commands that only ask. */
export async function readPostgresLedger({
  url,
  replica,
}: Pick<PostgresOptions, 'url' | 'replica'>): Promise<LedgerReader> {
  const location = readLocation(replica ?? url);
  const database = openDatabase(location, READERS);
  try {
    await database.use((client) => requireCurrent(client, location));
  } catch (error) {
    await database.close();
    throw error;
  }
  return { ...createReader(location.schema, (work) => database.snapshot(work)), close: () => database.close() };
}

/** After a restore from a dump, transactions of another server may lie ahead of those of this one. */
async function leaveForeignTransactions(
  client: Parameters<Parameters<Database['use']>[0]>[0],
  { schema }: Location,
): Promise<void> {
  await client.query(`UPDATE ${schema}.entry SET tx = '3'::xid8 WHERE tx >= pg_snapshot_xmax(pg_current_snapshot())`);
}

function createLedger(database: Database, location: Location, options: PostgresOptions): Ledger {
  const { retention, now = () => Date.now() * 1000, copyAt = COPY_AT, replica } = options;
  const { schema, shown } = location;
  const reads = openDatabase(location, READERS);
  const elsewhere = replica === undefined ? undefined : openDatabase(readLocation(replica), READERS);
  const feed = createFeed(reads, location);
  const writer = createWriter(database, location, copyAt, feed);
  const reader = createReader(schema, (work) => feed.pinned?.(work) ?? (elsewhere ?? reads).snapshot(work));
  // Those decide what is written: they see everything that was acknowledged.
  const exact = createReader(schema, (work) => reads.snapshot(work));
  const records = createRecords(database, schema);
  const held = createHeldRows(database, schema);
  const queue: Waiting[] = [];
  const underWay = new Set<Promise<void>>();
  let waiting = 0;
  let closed = false;

  function flush(): void {
    while (queue.length > 0 && underWay.size < COMMITS) {
      const work = commit(takeGroup()).finally(() => {
        underWay.delete(work);
        flush();
      });
      underWay.add(work);
    }
  }

  function takeGroup(): Waiting[] {
    const group: Waiting[] = [];
    for (let rows = 0; rows < GROUP && queue[0] !== undefined; rows += group.at(-1)?.entries.length ?? 0) {
      if (group.length > 0 && rows + queue[0].entries.length > GROUP) break;
      group.push(queue.shift() as Waiting);
    }
    return group;
  }

  /** A group that is refused is tried one by one, so that nobody is refused for a neighbour. */
  async function commit(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await writer.commit(group.map(({ entries }) => entries));
      group.forEach((one, index) => one.resolve(answers[index] ?? []));
    } catch (error) {
      const failure = storeFailure('ledger_unavailable', shown, error);
      if (failure.code === 'entry_refused' && group.length > 1) for (const one of group) await commit([one]);
      else for (const { reject } of group) reject(failure);
    }
  }

  function requireOpen(): void {
    if (closed) throw new SpanledgerError('ledger_unavailable', `ledger ${shown}: it is closed`);
  }

  /** Months ahead of time, and what is too old. Whatever fails is tried again. */
  async function tidy(): Promise<void> {
    try {
      const at = now();
      await writer.partitions.ensure([at, at + AHEAD_US]);
      if (retention !== undefined) await retain(database, location, retention, at);
    } catch {
      // The database is away, or busy: in an hour.
    }
  }
  let tidying = tidy();
  const hourly = setInterval(() => {
    tidying = tidy();
  }, HOUR_MS).unref();

  return {
    async append(entries) {
      requireOpen();
      requireCalls(entries);
      if (entries.length === 0) return [];
      if (waiting + entries.length > MAX_WAITING)
        throw new SpanledgerError('ledger_unavailable', `ledger ${shown}: ${waiting} calls wait to be written already`);
      waiting += entries.length;
      return new Promise<readonly Appended[]>((resolve, reject) => {
        queue.push({ entries, resolve, reject });
        setImmediate(flush);
      }).finally(() => {
        waiting -= entries.length;
      });
    },
    async adjust(adjustments) {
      requireOpen();
      requireAdjustments(adjustments);
      return writer.adjust(adjustments);
    },
    ...records,
    costs: reader.costs,
    derive: reader.derive,
    entries: reader.entries,
    find: exact.find,
    firstUs: reader.firstUs,
    window: { ...held, calls: exact.traceCalls },
    feed,
    async check() {
      await database.use((client) => client.query(`UPDATE ${schema}.write_check SET count = count + 1`));
    },
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(hourly);
      feed.close();
      flush();
      while (underWay.size > 0) await Promise.all(underWay);
      await tidying;
      await Promise.all([database.close(), reads.close(), elsewhere?.close()]);
    },
  };
}
