import { closeSync, openSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { storeFailure } from './failure.ts';
import { lockLedger } from './lock.ts';
import { migrate } from './schema.ts';

/** How long a lock of another program may hold up the opening. */
const BUSY_MS = 250;

/** A ledger file, for this process alone. */
export interface OpenFile {
  readonly db: DatabaseSync;
  /** Without symbolic links. */
  readonly path: string;
  readonly close: () => void;
}

/**
 * Opens or creates a ledger file to write to it, and brings it to the newest version.
 *
 * @throws SpanledgerError `ledger_unusable` that names the path and what to do
 */
export function openFile(given: string): OpenFile {
  const path = realPath(resolve(given));
  const unlock = lockLedger(path);
  let db: DatabaseSync | undefined;
  try {
    // Created here because it holds customers' names: SQLite would let everybody read it. Its other files follow suit.
    closeSync(openSync(path, 'a', 0o600));
    const opened = new DatabaseSync(path, { timeout: BUSY_MS });
    db = opened;
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536');
    // The pages of the running hour change with every commit: copied from the log once in 32 MB of it, not once in 4.
    opened.exec('PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864');
    migrate(opened, path);
    return {
      db: opened,
      path,
      close() {
        opened.close();
        unlock();
      },
    };
  } catch (error) {
    db?.close();
    unlock();
    throw storeFailure('ledger_unusable', path, error);
  }
}

/** The same file by another name is the same ledger: the lock stands beside the file itself. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
