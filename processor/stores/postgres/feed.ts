import type { ClientBase } from 'pg';
import type { Appended } from '../../ledger.ts';
import type { Feed, Take } from '../../feed.ts';
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
  let release: () => void = () => undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One after the other: what one has taken is not taken by the next. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  /** What this snapshot sees and the one before did not. */
  async function take(client: ClientBase, give: Take): Promise<void> {
    const now = await currentSnapshot(client);
    const before = snapshot ?? now;
    const news: Appended[] = [];
    if (now !== before)
      for await (const rows of pages(client, before))
        for (const row of rows)
          // Whoever was not told of a commit of ours will be told that the calls were known: they count from here.
          if ((await own.get(String(row['tx']))) !== true) news.push({ entry: readEntry(row), inserted: true });
    snapshot = now;
    // Seen by every snapshot from now on.
    const xmin = BigInt(now.slice(0, now.indexOf(':')));
    for (const tx of own.keys()) if (BigInt(tx) < xmin) own.delete(tx);
    if (news.length > 0) give(news);
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
          after === undefined ? null : `\\x${String(after['span'])}`,
          after?.['rev'] ?? null,
        ],
      );
      yield rows;
      after = rows.length < PAGE ? undefined : rows.at(-1);
    } while (after !== undefined);
  }

  /** A transaction that stays open, for the statements of others, one after the other. */
  function hold(give: Take): Promise<void> {
    return new Promise((resolve, reject) => {
      database
        .snapshot(async (client) => {
          await take(client, give);
          let last: Promise<unknown> = Promise.resolve();
          pinned = (work) => {
            const answer = last.then(() => work(client));
            last = answer.catch(() => undefined);
            return answer;
          };
          await new Promise<void>((released) => {
            release = released;
            resolve();
          });
          pinned = undefined;
          await last;
        })
        .catch((error: unknown) => {
          pinned = undefined;
          reject(error instanceof Error ? error : new Error(String(error)));
        });
    });
  }

  return {
    get pinned() {
      return pinned;
    },
    wrote(tx, settled) {
      own.set(tx, settled);
    },
    pin: (give) => inTurn(() => hold(give)),
    unpin: () => release(),
    next: (give) =>
      inTurn(async () => {
        if (pinned === undefined) await database.snapshot((client) => take(client, give));
      }),
    close: () => release(),
  };
}

async function currentSnapshot(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ snapshot: string }>('SELECT pg_current_snapshot()::text AS snapshot');
  return rows[0]?.snapshot ?? '';
}
