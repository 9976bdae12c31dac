import type { ClientBase, PoolClient } from 'pg';
import type { Appended } from '../../ledger.ts';
import type { Feed } from '../../feed.ts';
import type { Database } from './database.ts';
import { entryColumns, entryJoins, readEntry, type Row } from './entry-row.ts';
import type { Location } from './location.ts';
import type { Author } from './writer.ts';

/** Revisions read at a time. */
const PAGE = 2_000;

/**
 * News by transaction: what the snapshot of now sees and the one before did not. Neither the order of commits nor one that
 * took long loses anything, as it does where a sequence or a time is followed: a number may be given out long before its
 * transaction commits.
 */
export interface PostgresFeed extends Feed, Author {
  /** Where reads go while they are to answer as of one moment. */
  readonly pinned: (<T>(work: (client: ClientBase) => Promise<T>) => Promise<T>) | undefined;
  close(): void;
}

export function createFeed(database: Database, { schema: s }: Location): PostgresFeed {
  const own = new Map<string, Promise<boolean>>();
  let snapshot: string | undefined;
  let pinned: PostgresFeed['pinned'];
  let unpin: () => void = () => undefined;

  /** A snapshot, held until `unpin`. Statements run one after the other. */
  async function pin(): Promise<void> {
    let held: Promise<unknown> | undefined;
    const client = await new Promise<PoolClient>((resolve, reject) => {
      held = database
        .snapshot(async (taken) => {
          resolve(taken);
          await new Promise<void>((done) => (unpin = done));
        })
        .catch(reject);
    });
    const finished = held;
    let last: Promise<unknown> = Promise.resolve();
    snapshot = await currentSnapshot(client);
    pinned = (work) => {
      const answer = last.then(() => work(client));
      last = answer.catch(() => undefined);
      return answer;
    };
    const release = unpin;
    unpin = () => {
      pinned = undefined;
      void last.then(release);
      void finished;
    };
  }

  async function* pages(client: ClientBase, before: string): AsyncGenerator<readonly Row[]> {
    let after: Row | undefined;
    do {
      const { rows }: { rows: Row[] } = await client.query<Row>(
        `SELECT ${entryColumns} FROM ${s}.entry e ${entryJoins(s)}
         WHERE e.tx >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(e.tx, $1::pg_snapshot)
           AND ($2::xid8 IS NULL OR (e.tx, e.start_us, e.span, e.rev) > ($2::xid8, $3::bigint, $4::bytea, $5::integer))
         ORDER BY e.tx, e.start_us, e.span, e.rev LIMIT ${PAGE}`,
        [
          before,
          after?.['tx'] ?? null,
          after?.['start_us'] ?? null,
          after && `\\x${String(after['span'])}`,
          after?.['rev'] ?? null,
        ],
      );
      yield rows;
      after = rows.length < PAGE ? undefined : rows.at(-1);
    } while (after !== undefined);
  }

  return {
    get pinned() {
      return pinned;
    },
    wrote(tx, settled) {
      own.set(tx, settled);
    },
    pin,
    unpin: () => unpin(),
    async next(take) {
      await database.snapshot(async (client) => {
        const now = await currentSnapshot(client);
        const before = snapshot ?? now;
        if (now !== before) {
          const news: Appended[] = [];
          for await (const rows of pages(client, before))
            for (const row of rows)
              // Whoever was not told of a commit of ours will be told that the calls were known: they count from here.
              if ((await own.get(String(row['tx']))) !== true) news.push({ entry: readEntry(row), inserted: true });
          if (news.length > 0) take(news);
        }
        snapshot = now;
        // Seen by every snapshot from now on.
        const xmin = BigInt(now.slice(0, now.indexOf(':')));
        for (const tx of own.keys()) if (BigInt(tx) < xmin) own.delete(tx);
      });
    },
    close: () => unpin(),
  };
}

async function currentSnapshot(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ snapshot: string }>('SELECT pg_current_snapshot()::text AS snapshot');
  return rows[0]?.snapshot ?? '';
}
