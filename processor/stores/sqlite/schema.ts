import type { DatabaseSync } from 'node:sqlite';
import { SpanledgerError } from '../../errors.ts';
import { revenueTables } from './revenue-tables.ts';
import { heldTable } from './window.ts';

/** "SPLG": sets a ledger apart from any other SQLite file. */
const APPLICATION_ID = 0x53_50_4c_47;

/**
 * Forward only, one a version, each in a transaction of its own. Never edit one that was released: append.
 *
 * Version 1. Keys start with the time because spans come roughly in its order: pages are then filled one after the other
 * (80 bytes an entry, the same speed at any size), where a random or day-first key rewrites pages all over the file.
 * - `entry` keeps ids and counts; texts that repeat are numbers of `dimension`, `call_kind` and `price`. Units without a
 *   column of their own, and whatever few calls carry, stand in `more` (JSON).
 * - An amount is `cost_nano` x 1e-9 USD + `cost_rem` x 1e-15 USD (0..999999): one 64-bit sum of femto-USD would overflow
 *   at 9,223 USD, silently in an upsert.
 * - Lines are not stored: quantity (entry) x rate (`rate`) gives them back exactly; a price with `own_lines` has them on
 *   the entry.
 * - `hash` of the texts finds a row of `dimension` or `call_kind`: an index of the texts would be as large as the table.
 * - `span_hour` finds a span whose time is not known: hour, 24 bits of the id, second of the hour.
 *
 * Version 2. Even revisions count, odd ones take back the one before: no column tells. What a price is looked up by again, and
 * the adjustment that led to a revision, repeat from entry to entry: they stand in `call_kind`.
 *
 * Version 4. `rollup` and `span_index` (which was `span_hour`) hold the entries before `progress.folded_us`: see progress.ts.
 * `summary` holds whole days by fewer dimensions: see summary.ts. Hashes stand in tables of their own: see texts.ts.
 *
 * Version 6. Summaries of hours, and of days by other dimensions. Those that are there are made again by whoever writes.
 *
 * Version 8. Of hours of many sums, summaries by all levels, and quarters of an hour from the entries.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE dimension (
    id INTEGER PRIMARY KEY, hash INTEGER NOT NULL,
    customer_id TEXT NOT NULL, feature TEXT NOT NULL, route TEXT NOT NULL, task_type TEXT NOT NULL, team TEXT NOT NULL,
    plan TEXT NOT NULL, environment TEXT NOT NULL, workspace_id TEXT NOT NULL, service TEXT NOT NULL,
    provider TEXT NOT NULL, model TEXT NOT NULL, tier TEXT NOT NULL, status TEXT NOT NULL
  ) STRICT;
  CREATE INDEX dimension_by_hash ON dimension (hash);
  CREATE TABLE call_kind (
    id INTEGER PRIMARY KEY, hash INTEGER NOT NULL,
    operation TEXT NOT NULL, dialect TEXT NOT NULL, usage_state TEXT NOT NULL, basis TEXT NOT NULL,
    unpriced_reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX call_kind_by_hash ON call_kind (hash);
  CREATE TABLE price (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL, model TEXT NOT NULL, price_id TEXT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL,
    own_lines INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX price_by_id ON price (price_id, version);
  CREATE TABLE rate (
    price INTEGER NOT NULL REFERENCES price, unit TEXT NOT NULL, usd TEXT NOT NULL,
    PRIMARY KEY (price, unit)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE entry (
    start_us INTEGER NOT NULL, span BLOB NOT NULL, rev INTEGER NOT NULL,
    dimension INTEGER NOT NULL, kind INTEGER NOT NULL, price INTEGER,
    duration_us INTEGER NOT NULL, attempts INTEGER NOT NULL,
    input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL, cache_write INTEGER NOT NULL, output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL, cost_rem INTEGER NOT NULL CHECK (cost_rem BETWEEN 0 AND 999999),
    task_id TEXT, user_id TEXT, session_id TEXT, response_id TEXT, more TEXT,
    PRIMARY KEY (start_us, span, rev)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE span_hour (
    hour INTEGER NOT NULL, hash INTEGER NOT NULL, second INTEGER NOT NULL,
    PRIMARY KEY (hour, hash, second)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE rollup (
    hour INTEGER NOT NULL, dimension INTEGER NOT NULL,
    calls INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL, cost_rem INTEGER NOT NULL CHECK (cost_rem BETWEEN 0 AND 999999),
    PRIMARY KEY (hour, dimension)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE crossing (
    key TEXT PRIMARY KEY, at_us INTEGER NOT NULL, payload TEXT NOT NULL, delivered INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX crossing_undelivered ON crossing (at_us) WHERE delivered = 0;
  CREATE TABLE write_check (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
  INSERT INTO write_check VALUES (1, 0);`,
  `ALTER TABLE call_kind ADD COLUMN sent_provider TEXT NOT NULL DEFAULT '';
  ALTER TABLE call_kind ADD COLUMN sent_model TEXT NOT NULL DEFAULT '';
  ALTER TABLE call_kind ADD COLUMN region TEXT NOT NULL DEFAULT '';
  ALTER TABLE call_kind ADD COLUMN adjustment TEXT NOT NULL DEFAULT '';
  CREATE TABLE audit (
    id TEXT PRIMARY KEY, at_us INTEGER NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX audit_by_time ON audit (at_us);`,
  heldTable,
  `CREATE TABLE progress (id INTEGER PRIMARY KEY CHECK (id = 1), folded_us INTEGER NOT NULL,
    compacted_us INTEGER NOT NULL, kept_us INTEGER NOT NULL) STRICT;
  INSERT INTO progress SELECT 1, coalesce(max(start_us) + 1, 0), 0, 0 FROM entry;
  CREATE TABLE span_index (
    hour INTEGER NOT NULL, hash BLOB NOT NULL, second INTEGER NOT NULL,
    PRIMARY KEY (hour, hash, second)
  ) STRICT, WITHOUT ROWID;
  INSERT OR IGNORE INTO span_index SELECT start_us / 3600000000, substr(span, 22, 3), (start_us % 3600000000) / 1000000
    FROM entry WHERE rev = 0 ORDER BY 1, 2, 3;
  DROP TABLE span_hour;
  CREATE TABLE facet (
    id INTEGER PRIMARY KEY, level INTEGER NOT NULL,
    customer_id TEXT NOT NULL, feature TEXT NOT NULL, route TEXT NOT NULL, task_type TEXT NOT NULL, team TEXT NOT NULL,
    plan TEXT NOT NULL, environment TEXT NOT NULL, workspace_id TEXT NOT NULL, service TEXT NOT NULL,
    provider TEXT NOT NULL, model TEXT NOT NULL, tier TEXT NOT NULL, status TEXT NOT NULL,
    UNIQUE (customer_id, feature, model, level, route, task_type, team, plan, environment, workspace_id, service, provider,
      tier, status)
  ) STRICT;
  CREATE TABLE facet_of (
    dimension INTEGER PRIMARY KEY, facet_customer INTEGER NOT NULL, facet_model INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE summary (
    level INTEGER NOT NULL, day INTEGER NOT NULL, facet INTEGER NOT NULL,
    calls INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL, cost_rem INTEGER NOT NULL CHECK (cost_rem BETWEEN 0 AND 999999),
    PRIMARY KEY (level, day, facet)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE summary_day (day INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE indexed (name TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO indexed SELECT 'dimension', coalesce(max(id), 0) FROM dimension;
  INSERT INTO indexed SELECT 'call_kind', coalesce(max(id), 0) FROM call_kind;
  CREATE TABLE dimension_hash (hash INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (hash, id)) STRICT, WITHOUT ROWID;
  INSERT INTO dimension_hash SELECT hash, id FROM dimension ORDER BY hash, id;
  DROP INDEX dimension_by_hash;
  CREATE TABLE call_kind_hash (hash INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (hash, id)) STRICT, WITHOUT ROWID;
  INSERT INTO call_kind_hash SELECT hash, id FROM call_kind ORDER BY hash, id;
  DROP INDEX call_kind_by_hash;`,
  revenueTables,
  `DELETE FROM summary_day;
  DELETE FROM summary;
  DELETE FROM facet;
  DROP TABLE facet_of;
  CREATE TABLE facet_of (
    dimension INTEGER PRIMARY KEY, facet_feature INTEGER NOT NULL, facet_customer INTEGER NOT NULL,
    facet_model INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE summary_hour (
    hour INTEGER NOT NULL, facet INTEGER NOT NULL,
    calls INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL, cost_rem INTEGER NOT NULL CHECK (cost_rem BETWEEN 0 AND 999999),
    PRIMARY KEY (hour, facet)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE summed_hour (hour INTEGER PRIMARY KEY) STRICT;`,
  `DROP TABLE summary_hour;
  DROP TABLE summed_hour;
  CREATE TABLE summary_hour (
    level INTEGER NOT NULL, hour INTEGER NOT NULL, facet INTEGER NOT NULL,
    calls INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL, cost_rem INTEGER NOT NULL CHECK (cost_rem BETWEEN 0 AND 999999),
    PRIMARY KEY (level, hour, facet)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE summary_quarter (
    quarter INTEGER NOT NULL, facet INTEGER NOT NULL,
    calls INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL, cost_rem INTEGER NOT NULL CHECK (cost_rem BETWEEN 0 AND 999999),
    PRIMARY KEY (quarter, facet)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE summed_hour (hour INTEGER PRIMARY KEY, large INTEGER NOT NULL) STRICT;`,
];

/** Brings an empty or older file to the newest version. Refuses other programs' files and newer versions. */
export function migrate(db: DatabaseSync, path: string): void {
  const found = version(db, path);
  for (let next = found; next < migrations.length; next++) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(migrations[next] ?? '');
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${next + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** For readers, which can't migrate: refuses anything but the newest version. */
export function requireCurrent(db: DatabaseSync, path: string): void {
  const found = version(db, path);
  if (found < migrations.length)
    throw new SpanledgerError(
      'ledger_unusable',
      `${path} has ledger version ${found}, this program reads ${migrations.length}: start "spanledger serve" once, it brings the file up to date`,
    );
}

function version(db: DatabaseSync, path: string): number {
  const application = pragma(db, 'application_id');
  const found = pragma(db, 'user_version');
  const tables = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables'];
  const empty = application === 0 && found === 0 && tables === 0;
  if (!empty && application !== APPLICATION_ID)
    throw new SpanledgerError(
      'ledger_unusable',
      `${path} is a SQLite file of another program, not a ledger: choose another path`,
    );
  if (found > migrations.length)
    throw new SpanledgerError(
      'ledger_unusable',
      `${path} was written by a newer Spanledger (ledger version ${found}, this one knows ${migrations.length}): update spanledger`,
    );
  return found;
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
