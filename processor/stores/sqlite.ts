import { resolve } from 'node:path';
import { SpanledgerError } from '../errors.ts';
import type { Appended, Entry, Ledger, LedgerReader } from '../ledger.ts';
import { createAudit } from './sqlite/audit.ts';
import { createCrossings } from './sqlite/crossings.ts';
import { storeFailure } from './sqlite/failure.ts';
import { openFile, type OpenFile } from './sqlite/open.ts';
import { createPatience, isBusy } from './sqlite/patience.ts';
import { createReaderClient } from './sqlite/reader-client.ts';
import type { TidyOptions } from './sqlite/tidy.ts';
import { createHeldRows } from './sqlite/window.ts';
import { createWriter } from './sqlite/writer.ts';
import { requireAdjustments, requireCalls } from './valid-entry.ts';

/** A commit is one wait for the disk; waiting requests share it up to this many entries. */
const GROUP = 1_000;
/** Between two parts of what is summed up it rests so many times as long as one took: senders wait for no more than one. */
const REST = 2;
const QUIET_MS = 50;
/** How long after calls could not be written the ledger counts as away, though a smaller write may find room. */
const AWAY_MS = 5_000;

export interface SqliteOptions extends Partial<TidyOptions> {
  readonly path: string;
}

interface Waiting {
  readonly entries: readonly Entry[];
  readonly resolve: (appended: readonly Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Opens or creates the ledger in one SQLite file, for this process alone. What `append` acknowledged is on disk
 * (write-ahead log, synced at every commit). Reads run in a thread of their own.
 *
 * @throws SpanledgerError `ledger_unusable` that names the path and what to do: not writable, in use by another process,
 *   written by a newer version, not a ledger
 * @example
 * const ledger = await openSqliteLedger({ path: 'spanledger.db' });
 * const [first] = await ledger.append([entry]); // { entry, inserted: true }
 * await ledger.close();
 */
export async function openSqliteLedger({
  path: given,
  foldAt = 16_384,
  restMs = 600_000,
  retention,
  now = () => Date.now() * 1000,
}: SqliteOptions): Promise<Ledger> {
  const file = openFile(given);
  try {
    return createLedger(file, { foldAt, restMs, retention, now });
  } catch (error) {
    file.close();
    throw storeFailure('ledger_unusable', file.path, error);
  }
}

/**
 * Reads a ledger file that a running processor may be writing to; for commands. Reads run off the event loop too.
 *
 * @throws SpanledgerError `ledger_unusable` from the first read where the file is missing or no ledger
 */
export function readSqliteLedger({ path }: Pick<SqliteOptions, 'path'>): LedgerReader {
  return createReaderClient(resolve(path));
}

function createLedger({ db, path, close }: OpenFile, options: TidyOptions): Ledger {
  // Waiting for a lock in SQLite would hold up the event loop: see patience.ts.
  db.exec('PRAGMA busy_timeout = 0');
  const patience = createPatience();
  const writer = createWriter(db, options);
  const crossings = createCrossings(db);
  const audit = createAudit(db);
  const held = createHeldRows(db);
  const reader = createReaderClient(path);
  const countCheck = db.prepare('UPDATE write_check SET count = count + 1');
  const queue: Waiting[] = [];
  let closed = false;
  let tidying = false;
  let flushed = Number.NEGATIVE_INFINITY;
  let failure: { readonly error: SpanledgerError; readonly at: number } | undefined;

  /** Commits what waits, one group a turn of the event loop. */
  function flush(): void {
    flushed = performance.now();
    const group: Waiting[] = [];
    for (let rows = 0; rows < GROUP && queue[0] !== undefined; rows += group.at(-1)?.entries.length ?? 0) {
      if (group.length > 0 && rows + queue[0].entries.length > GROUP) break;
      group.push(queue.shift() as Waiting);
    }
    const outcome = commit(group);
    if (outcome === 'busy') queue.unshift(...group);
    if (outcome === 'failed') for (const alone of group) commit([alone], true);
    if (queue.length > 0 && outcome === 'busy') void patience.pause().then(flush);
    else if (queue.length > 0) setImmediate(flush);
    if (!closed) tidySoon();
  }

  /** Between commits, a part at a time. While calls come in it rests in between, unless it falls behind. */
  function tidySoon(): void {
    if (tidying) return;
    tidying = true;
    setImmediate(() => {
      const began = performance.now();
      const more = !closed && writer.tidy();
      const ended = performance.now();
      tidying = false;
      if (!more) return;
      if (writer.behind || ended - flushed > QUIET_MS) return tidySoon();
      tidying = true;
      setTimeout(
        () => {
          tidying = false;
          tidySoon();
        },
        REST * (ended - began),
      ).unref();
    });
  }

  const hourly = setInterval(tidySoon, 3_600_000);
  hourly.unref();
  tidySoon();

  /** `failed` where it is one of several: then each is tried alone, so that nobody fails for a neighbour. */
  function commit(group: readonly Waiting[], last: boolean = group.length === 1): 'done' | 'busy' | 'failed' {
    if (group.length === 0) return 'done';
    try {
      const answers = writer.commit(group.map(({ entries }) => entries));
      group.forEach(({ resolve }, index) => resolve(answers[index] ?? []));
      patience.over();
      failure = undefined;
      return 'done';
    } catch (error) {
      if (!closed && patience.mayPass(error)) return 'busy';
      // Who would be alone would meet the same lock.
      if (!last && !isBusy(error)) return 'failed';
      const said = storeFailure('ledger_unavailable', path, error);
      if (said.sort === 'retryable') failure = { error: said, at: performance.now() };
      for (const { reject } of group) reject(said);
      return 'done';
    }
  }

  /** For the few small writes besides `append`. */
  async function write<T>(action: () => T): Promise<T> {
    // Its own: reading goes through while a lock stays, and says nothing of when writing will.
    const own = createPatience();
    for (;;) {
      try {
        requireOpen();
        return action();
      } catch (error) {
        if (closed || !own.mayPass(error)) throw storeFailure('ledger_unavailable', path, error);
      }
      await own.pause();
    }
  }

  function requireOpen(): void {
    if (closed) throw new SpanledgerError('ledger_unavailable', `ledger ${path}: it is closed`);
  }

  return {
    async append(entries) {
      requireOpen();
      requireCalls(entries);
      if (entries.length === 0) return [];
      return new Promise((resolve, reject) => {
        if (queue.length === 0) setImmediate(flush);
        queue.push({ entries, resolve, reject });
      });
    },
    adjust: (adjustments) =>
      write(() => {
        requireAdjustments(adjustments);
        const answers = writer.adjust(adjustments);
        tidySoon();
        return answers;
      }),
    addAudit: (row) => write(() => audit.add(row)),
    audit: (limit) => write(() => audit.list(limit)),
    costs: reader.costs,
    derive: reader.derive,
    entries: reader.entries,
    find: reader.find,
    firstUs: reader.firstUs,
    addCrossing: (crossing) => write(() => crossings.add(crossing)),
    crossing: (key) => write(() => crossings.find(key)),
    markDelivered: (key) => write(() => crossings.markDelivered(key)),
    undelivered: () => write(() => crossings.undelivered()),
    firing: () => write(() => crossings.firing()),
    window: {
      hold: (rows) => write(() => held.hold(rows)),
      ofTraces: (traceIds) => write(() => held.ofTraces(traceIds)),
      claim: (request) => write(() => held.claim(request)),
      mark: (keys, change) => write(() => held.mark(keys, change)),
      release: (keys) => write(() => held.release(keys)),
      openCalls: (limit) => write(() => held.openCalls(limit)),
      waiting: () => write(() => held.waiting()),
      calls: (query) => reader.traceCalls(query),
    },
    feed: undefined,
    check: () =>
      write(() => {
        if (failure !== undefined && performance.now() - failure.at < AWAY_MS) throw failure.error;
        countCheck.run();
      }),
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(hourly);
      while (queue.length > 0) flush();
      await reader.close();
      close();
    },
  };
}
