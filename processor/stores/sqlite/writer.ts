import type { DatabaseSync } from 'node:sqlite';
import { USD } from '../../../pricing/money.ts';
import { revisionsOf } from '../../adjust.ts';
import { SpanledgerError } from '../../errors.ts';
import type { Adjusted, Adjustment, Appended, Entry, EntryKey } from '../../ledger.ts';
import { addEntry, emptySums, HOUR, hourOf, type Sums } from '../../rollup.ts';
import { splitAmount } from './amount.ts';
import { createDictionary } from './dictionary.ts';
import { entryColumns, entryRow, entryTables, insertEntry, readEntry, spanBlob, spanHash } from './entry-row.ts';
import { addToRollup, createFold } from './fold.ts';
import { createProgress } from './progress.ts';
import { createTidy, type TidyOptions } from './tidy.ts';

const upsertRollup = `INSERT INTO rollup (hour, dimension, calls, input, cache_read, cache_write, output, reasoning,
  cost_nano, cost_rem) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ${addToRollup}`;

/** By hour and number of the dimensions. */
type Rollups = Map<number, Map<number, Sums>>;

/** SQLITE_CONSTRAINT_DATATYPE (https://www.sqlite.org/rescode.html#constraint_datatype). */
const CONSTRAINT_DATATYPE = 3091;

export interface Writer {
  /** All of `requests` in one transaction, or nothing. */
  commit(requests: readonly (readonly Entry[])[]): Appended[][];
  adjust(adjustments: readonly Adjustment[]): Adjusted[];
  /** Sums up a part of what waits for it; whether there may be more. Never throws: nothing depends on it. */
  tidy(): boolean;
  /** Whether more waits to be summed up than questions should have to read. */
  readonly behind: boolean;
}

/** From here on an entry is summed at once, so that a sum beyond 64 bits is refused with it. */
const LARGE = 1_000n * USD;

export function createWriter(db: DatabaseSync, options: TidyOptions): Writer {
  const dictionary = createDictionary(db);
  const insert = db.prepare(insertEntry);
  const insertHour = db.prepare('INSERT OR IGNORE INTO span_index (hour, hash, second) VALUES (?, ?, ?)');
  const upsert = db.prepare(upsertRollup);
  const select = db.prepare(
    `SELECT ${entryColumns} FROM ${entryTables} WHERE e.start_us = ? AND e.span = ? AND e.rev = ?`,
  );
  select.setReadBigInts(true);
  const progress = createProgress(db);
  const fold = createFold(db, progress);
  const tidy = createTidy(db, progress, fold, dictionary, options);

  function append(entry: Entry, rollups: Rollups): Appended {
    // Whether it is known can't be told any more: it would be counted twice.
    if (entry.startUs < progress.kept) return { entry, inserted: false };
    if (entry.startUs >= progress.folded && isLarge(entry)) fold(entry.startUs + 1);
    const dimension = dictionary.dimension(entry);
    const price = entry.charge.status === 'priced' ? dictionary.price(entry.charge, entry.counts) : undefined;
    const span = spanBlob(entry);
    const row = entryRow(entry, span, dimension, dictionary.kind(entry), price);
    if (insert.run(...row).changes === 0) {
      const stored = select.get(entry.startUs, span, entry.rev);
      if (stored === undefined) throw new Error(`entry ${entry.traceId}/${entry.spanId} is neither new nor stored`);
      return { entry: readEntry(stored), inserted: false };
    }
    if (entry.startUs >= progress.folded) {
      tidy.added(entry.startUs);
      return { entry, inserted: true };
    }
    const hour = hourOf(entry.startUs);
    // Its other revisions have the same time.
    if (entry.rev === 0) insertHour.run(hour, spanHash(span), Math.floor((entry.startUs - hour * HOUR) / 1_000_000));
    const kept = entry.startUs < progress.compacted ? Math.floor(hour / 24) * 24 : hour;
    const byDimension = rollups.get(kept) ?? new Map<number, Sums>();
    rollups.set(kept, byDimension);
    const sums = byDimension.get(dimension) ?? emptySums();
    byDimension.set(dimension, sums);
    addEntry(sums, entry);
    return { entry, inserted: true };
  }

  function writeRollups(rollups: ReadonlyMap<number, ReadonlyMap<number, Sums>>): void {
    for (const [hour, byDimension] of rollups) {
      tidy.changed(hour);
      for (const [dimension, sums] of byDimension) {
        const tokens = [sums.inputTokens, sums.cacheReadTokens, sums.cacheWriteTokens];
        const outputs = [sums.outputTokens, sums.reasoningTokens];
        const [nano, rem] = splitAmount(sums.cost);
        if (BigInt.asIntN(64, nano) !== nano) throw overflow();
        upsert.run(hour, dimension, sums.calls, ...tokens, ...outputs, nano, rem);
      }
    }
  }

  function stored({ startUs, traceId, spanId }: EntryKey, rev: number): Entry | undefined {
    if (startUs < progress.kept) return undefined;
    const row = select.get(startUs, spanBlob({ traceId, spanId }), rev);
    return row === undefined ? undefined : readEntry(row);
  }

  function adjust(adjustment: Adjustment, rollups: Rollups): Adjusted {
    const current = stored(adjustment.of, adjustment.of.rev);
    if (current === undefined) return { status: 'unknown', revisions: [] };
    const revisions = revisionsOf(current, adjustment);
    const next = stored(current, current.rev + 1);
    if (next === undefined)
      return { status: 'adjusted', revisions: revisions.map((revision) => append(revision, rollups)) };
    if (next.adjustment !== adjustment.id) return { status: 'outdated', revisions: [] };
    const found = revisions.flatMap(({ rev }) => stored(current, rev) ?? []);
    return { status: 'known', revisions: found.map((entry) => ({ entry, inserted: false })) };
  }

  /** All of `work` and its rollups in one transaction, or nothing. */
  function inTransaction<T>(work: (rollups: Rollups) => T): T {
    try {
      db.exec('BEGIN IMMEDIATE');
      const rollups: Rollups = new Map();
      const answer = work(rollups);
      writeRollups(rollups);
      db.exec('COMMIT');
      return answer;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      dictionary.forget();
      progress.reread();
      throw isOverflow(error) ? overflow(error) : error;
    }
  }

  return {
    commit: (requests) =>
      inTransaction((rollups) => requests.map((entries) => entries.map((entry) => append(entry, rollups)))),
    tidy: () => tidy.step((work) => inTransaction(work)),
    get behind() {
      return tidy.behind;
    },
    adjust: (adjustments) => inTransaction((rollups) => adjustments.map((each) => adjust(each, rollups))),
  };
}

function isLarge({ charge }: Entry): boolean {
  return charge.status === 'priced' && (charge.amount >= LARGE || charge.amount <= -LARGE);
}

function isOverflow(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === CONSTRAINT_DATATYPE;
}

function overflow(cause?: unknown): SpanledgerError {
  return new SpanledgerError(
    'entry_refused',
    'the sum of one hour and one set of dimensions would pass 9,223,372,036 USD, the most that the ledger keeps exactly',
    { cause },
  );
}
