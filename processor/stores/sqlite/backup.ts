import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { SpanledgerError } from '../../errors.ts';
import { storeFailure } from './failure.ts';
import { requireCurrent } from './schema.ts';

/** Pages copied in a row. */
const PAGES = 2_000;

/**
 * Copies a ledger as it stands at one moment, while a processor may be writing to it: what is written meanwhile is not in the
 * copy. The copy is synced, and checked, before it gets its name.
 *
 * @param done told how much is copied, from 0 to 1
 * @throws SpanledgerError `ledger_unusable` where the ledger can't be read or the copy not be written; nothing is left behind
 * @example await backupLedger('spanledger.db', '/backups/monday.db');
 */
export async function backupLedger(
  from: string,
  to: string,
  done: (part: number) => void = () => undefined,
): Promise<void> {
  const [path, target] = [resolve(from), resolve(to)];
  if (existsSync(target))
    throw new SpanledgerError('ledger_unusable', `${target} is there already: choose another name`);
  const partial = `${target}.partial`;
  let source: DatabaseSync | undefined;
  try {
    source = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
    requireCurrent(source, path);
    rmSync(partial, { force: true });
    closeSync(openSync(partial, 'wx', 0o600));
    // One snapshot: without it, every commit of the processor would begin the copy anew.
    source.exec('BEGIN; SELECT count(*) FROM progress');
    const progress = ({ totalPages, remainingPages }: { totalPages: number; remainingPages: number }): void =>
      done(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
    await backup(source, partial, { rate: PAGES, progress });
    check(partial);
    sync(partial);
    renameSync(partial, target);
    sync(dirname(target));
    done(1);
  } catch (error) {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(partial + suffix, { force: true });
    throw storeFailure('ledger_unusable', path, error);
  } finally {
    source?.close();
  }
}

function check(path: string): void {
  const db = new DatabaseSync(path);
  try {
    const found = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (found !== 'ok') throw new Error(`the copy is damaged: ${String(found)}`);
  } finally {
    db.close();
  }
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
