import { closeSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { SpanledgerError } from '../../errors.ts';
import { storeFailure } from './failure.ts';
import { isBusy } from './patience.ts';

/**
 * One process writes a ledger. The lock is SQLite's own, on a small file beside the ledger that is never closed meanwhile:
 * the operating system lets go of it however the holder dies, where a file with a process id would be left behind.
 *
 * @returns releases the lock
 * @throws SpanledgerError `ledger_unusable` that names the holder
 */
export function lockLedger(path: string): () => void {
  const lockPath = `${path}-lock`;
  try {
    closeSync(openSync(lockPath, 'a', 0o600));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SpanledgerError(
      'ledger_unusable',
      `ledger ${path} can't be written: ${reason}; create the folder, change its rights or choose another path`,
      { cause: error },
    );
  }
  const db = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    db.exec('PRAGMA synchronous=OFF; BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS holder (pid, host, since)');
    db.exec('DELETE FROM holder');
    db.prepare('INSERT INTO holder VALUES (?, ?, ?)').run(process.pid, hostname(), new Date().toISOString());
    // Committed for others to read, then locked again for as long as we live.
    db.exec('COMMIT; BEGIN IMMEDIATE');
    return () => db.close();
  } catch (error) {
    const holder = isBusy(error) ? readHolder(db) : undefined;
    db.close();
    if (!isBusy(error)) throw storeFailure('ledger_unusable', lockPath, error);
    throw new SpanledgerError(
      'ledger_unusable',
      `ledger ${path} is in use by ${holder ?? 'another process'}: stop that one, or choose another path`,
      { cause: error },
    );
  }
}

function readHolder(db: DatabaseSync): string | undefined {
  try {
    if (db.isTransaction) db.exec('ROLLBACK');
    const row = db.prepare('SELECT pid, host, since FROM holder').get();
    if (row === undefined) return undefined;
    return `process ${String(row['pid'])} on ${String(row['host'])} (since ${String(row['since'])})`;
  } catch {
    return undefined;
  }
}
