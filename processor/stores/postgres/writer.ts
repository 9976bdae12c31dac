import type { ClientBase } from 'pg';
import { revisionsOf } from '../../adjust.ts';
import { SpanledgerError } from '../../errors.ts';
import type { Adjusted, Adjustment, Appended, Entry, EntryKey } from '../../ledger.ts';
import { Stale, type Database } from './database.ts';
import { createDictionary, type Numbers } from './dictionary.ts';
import { entryColumns, entryJoins, entryValues, readEntry, type Row, type Value } from './entry-row.ts';
import { codeOf, isCollision } from './failure.ts';
import { createInserter } from './insert.ts';
import { lockKeys, type Location } from './location.ts';
import { createPartitions, type Partitions } from './partitions.ts';
import { progressOf, progressSql, type Progress, type ProgressRow } from './progress.ts';

/** Attempts at a transaction that met another one. */
const ATTEMPTS = 5;

/** Told of what this process added and answered, so that it is not taken for news from another. */
export interface Author {
  /** Before its commit. `settled` tells whether it was answered as added. */
  wrote(tx: string, settled: Promise<boolean>): void;
}

export interface Writer {
  readonly partitions: Partitions;
  /** All of `requests` in one transaction, or nothing. */
  commit(requests: readonly (readonly Entry[])[]): Promise<Appended[][]>;
  adjust(adjustments: readonly Adjustment[]): Promise<Adjusted[]>;
}

type Prepared = ReadonlyMap<Entry, Numbers>;

/** What a transaction begins with. */
interface State extends Progress {
  readonly prepared: Prepared;
  readonly told: (tx: string) => void;
  /** Calls are taken to be new: whoever finds one that is not, writes again with care. */
  readonly unseen: boolean;
}

export function createWriter(database: Database, location: Location, copyAt: number, author: Author): Writer {
  const s = location.schema;
  const dictionary = createDictionary(s);
  const partitions = createPartitions(database, location);
  const insert = createInserter(s, copyAt);
  // Shared by all who write; alone for who erases or sums up, so that nothing comes between.
  const begin = `BEGIN; SELECT pg_advisory_xact_lock_shared(${lockKeys(s).write}); ${progressSql(s)}`;
  let epoch: number | undefined;

  async function prepare(entries: readonly Entry[]): Promise<Prepared> {
    await partitions.ensure(entries.map(({ startUs }) => startUs));
    return database.use((client) => dictionary.learn(client, entries));
  }

  /** Prepares and does `work`, again where another transaction came in between. */
  async function write<T>(
    needed: () => Promise<readonly Entry[]>,
    work: (client: ClientBase, state: State) => Promise<T>,
  ): Promise<T> {
    let unseen = true;
    for (let attempt = 1; ; attempt++) {
      let settle: ((answered: boolean) => void) | undefined;
      const told = (tx: string): void => author.wrote(tx, new Promise((resolve) => (settle = resolve)));
      try {
        const prepared = await prepare(await needed());
        const answer = await database.transaction(
          async (client) => work(client, { ...(await begun(client)), prepared, told, unseen }),
          '',
        );
        settle?.(true);
        return answer;
      } catch (error) {
        settle?.(false);
        const cause = error instanceof SpanledgerError ? error.cause : error;
        if (isOverflow(cause)) throw overflow(cause);
        if (unseen && codeOf(cause) === '23505') {
          unseen = false;
          continue;
        }
        if (attempt === ATTEMPTS || !(cause instanceof Stale || isCollision(cause) || lacksPartition(cause)))
          throw error;
        if (lacksPartition(cause)) partitions.forget();
      }
    }
  }

  async function begun(client: ClientBase): Promise<Progress> {
    const results = (await client.query(begin)) as unknown as readonly { rows: ProgressRow[] }[];
    const progress = progressOf(results.at(-1)?.rows[0]);
    if (epoch !== progress.epoch) {
      // At the first time, too: it may have moved since the numbers were read.
      epoch = progress.epoch;
      dictionary.forget();
      throw new Stale('the numbers of texts have changed');
    }
    return progress;
  }

  function valuesOf(entry: Entry, prepared: Prepared): Value[] {
    const numbers = prepared.get(entry) ?? dictionary.numbers(entry);
    if (numbers === undefined) throw new Stale('a number was forgotten');
    return entryValues(entry, numbers);
  }

  /** What is in the ledger of these calls, by key. */
  async function stored(client: ClientBase, keys: readonly EntryKey[], condition: string, ...values: string[]) {
    const { rows } = await client.query<Row>(
      `SELECT ${entryColumns} FROM unnest($1::bigint[], $2::bytea[], $3::integer[]) AS w (start_us, span, rev)
       JOIN ${s}.entry e ON e.start_us = w.start_us AND e.span = w.span ${entryJoins(s)} ${condition}`,
      [...columnsOf(keys), ...values],
    );
    return new Map(rows.map(readEntry).map((entry) => [keyOf(entry), entry]));
  }

  async function append(
    client: ClientBase,
    { prepared, told, unseen, kept, compacted }: State,
    requests: readonly (readonly Entry[])[],
  ): Promise<Appended[][]> {
    const first = new Map<string, Entry>();
    for (const entry of requests.flat()) {
      // Whether it is known can't be told any more: it would be counted twice.
      const key = keyOf(entry);
      if (entry.startUs >= kept && !first.has(key)) first.set(key, entry);
    }
    const entries = [...first.values()].toSorted(byKey);
    let known: ReadonlyMap<string, Entry> = new Map();
    if (entries.length > 0) {
      const rows = entries.map((entry) => valuesOf(entry, prepared));
      const { added, tx } = await insert(client, { rows, ...boundsOf(entries), unseen }, compacted);
      if (added > 0) told(tx);
      if (added < entries.length) known = await stored(client, entries, 'WHERE e.rev = w.rev AND e.tx <> $4::xid8', tx);
      if (added + known.size !== entries.length) throw new Error('entries are neither new nor stored');
    }
    const answered = new Set<string>();
    return requests.map((request) =>
      request.map((entry) => {
        const key = keyOf(entry);
        const inserted = first.has(key) && !known.has(key) && !answered.has(key);
        answered.add(key);
        return { entry: known.get(key) ?? first.get(key) ?? entry, inserted };
      }),
    );
  }

  /** Answers, and what has to be written for them. Decides anew with every state of the ledger. */
  function decide(adjustments: readonly Adjustment[], found: ReadonlyMap<string, Entry>, kept: number) {
    const entries = new Map(found);
    const revisions: Entry[] = [];
    const answers = adjustments.map((adjustment): Adjusted => {
      const { of } = adjustment;
      const current = of.startUs < kept ? undefined : entries.get(keyOf(of));
      if (current === undefined) return { status: 'unknown', revisions: [] };
      const wanted = revisionsOf(current, adjustment);
      const next = entries.get(keyOf({ ...current, rev: current.rev + 1 }));
      if (next === undefined) {
        for (const entry of wanted) entries.set(keyOf(entry), entry);
        revisions.push(...wanted);
        return { status: 'adjusted', revisions: wanted.map((entry) => ({ entry, inserted: true })) };
      }
      if (next.adjustment !== adjustment.id) return { status: 'outdated', revisions: [] };
      const known = wanted.flatMap((entry) => entries.get(keyOf(entry)) ?? []);
      return { status: 'known', revisions: known.map((entry) => ({ entry, inserted: false })) };
    });
    return { answers, revisions };
  }

  return {
    partitions,
    commit: (requests) =>
      write(
        async () => requests.flat(),
        (client, state) => append(client, state, requests),
      ),
    async adjust(adjustments) {
      if (adjustments.length === 0) return [];
      const keys = adjustments.map(({ of }) => of);
      return write(
        async () => {
          const found = await database.use((client) => stored(client, keys, ''));
          return decide(adjustments, found, 0).revisions;
        },
        async (client, { kept, compacted, prepared, told }) => {
          // Whoever corrects the same calls waits here, and then sees what was done.
          await client.query(
            `SELECT 1 FROM ${s}.entry e JOIN unnest($1::bigint[], $2::bytea[], $3::integer[]) AS w (start_us, span, rev)
               ON e.start_us = w.start_us AND e.span = w.span AND e.rev = w.rev
             ORDER BY e.start_us, e.span, e.rev FOR NO KEY UPDATE OF e`,
            columnsOf(keys),
          );
          const found = await stored(client, keys, '');
          const { answers, revisions } = decide(adjustments, found, kept);
          if (revisions.length === 0) return answers;
          const sorted = revisions.toSorted(byKey);
          const rows = sorted.map((entry) => valuesOf(entry, prepared));
          const { added, tx } = await insert(client, { rows, ...boundsOf(sorted), unseen: false }, compacted);
          if (added !== revisions.length) throw new Stale('another one corrected the same calls');
          told(tx);
          return answers;
        },
      );
    },
  };
}

function columnsOf(keys: readonly EntryKey[]): [number[], string[], number[]] {
  return [
    keys.map(({ startUs }) => startUs),
    keys.map(({ traceId, spanId }) => `\\x${traceId}${spanId}`),
    keys.map(({ rev }) => rev),
  ];
}

function keyOf({ startUs, traceId, spanId, rev }: EntryKey): string {
  return `${startUs}/${traceId}/${spanId}/${rev}`;
}

/** @param entries in the order of `byKey` */
function boundsOf(entries: readonly Entry[]): { readonly from: number; readonly to: number } {
  return { from: entries[0]?.startUs ?? 0, to: entries.at(-1)?.startUs ?? 0 };
}

/** The order in which rows are written everywhere, so that nobody waits for one who waits for them. */
function byKey(a: EntryKey, b: EntryKey): number {
  if (a.startUs !== b.startUs) return a.startUs - b.startUs;
  if (a.traceId !== b.traceId) return a.traceId < b.traceId ? -1 : 1;
  return a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : a.rev - b.rev;
}

/** The check of a sum, or a number that no column holds. */
function isOverflow(error: unknown): boolean {
  const constraint = error instanceof Error && 'constraint' in error ? error.constraint : undefined;
  return (codeOf(error) === '23514' && constraint === 'kept_exactly') || codeOf(error) === '22003';
}

function lacksPartition(error: unknown): boolean {
  return codeOf(error) === '23514' && !isOverflow(error);
}

function overflow(cause: unknown): SpanledgerError {
  return new SpanledgerError(
    'entry_refused',
    'the sum of one hour and one set of dimensions would pass 9,223,372,036 USD, the most that the ledger keeps exactly',
    { cause },
  );
}
