import { DatabaseSync } from 'node:sqlite';
import { createFold } from '../../processor/stores/sqlite/fold.ts';
import { createProgress } from '../../processor/stores/sqlite/progress.ts';

/** Takes a ledger file back to the tables of version 2, as a processor of then would have left it. */
export function makeVersion2(path: string): void {
  const db = new DatabaseSync(path);
  createFold(db, createProgress(db))(Number.MAX_SAFE_INTEGER);
  db.exec(`CREATE TABLE span_hour (
      hour INTEGER NOT NULL, hash INTEGER NOT NULL, second INTEGER NOT NULL, PRIMARY KEY (hour, hash, second)
    ) STRICT, WITHOUT ROWID;
    DROP TABLE progress; DROP TABLE span_index; DROP TABLE facet; DROP TABLE facet_of; DROP TABLE summary;
    DROP TABLE summary_day; DROP TABLE summary_hour; DROP TABLE summary_quarter; DROP TABLE summed_hour; DROP TABLE held; DROP TABLE indexed;
    DROP TABLE dimension_hash; DROP TABLE call_kind_hash; DROP TABLE revenue; DROP TABLE revenue_import;
    CREATE INDEX dimension_by_hash ON dimension (hash); CREATE INDEX call_kind_by_hash ON call_kind (hash);
    PRAGMA user_version = 2; PRAGMA wal_checkpoint(TRUNCATE)`);
  db.close();
}
