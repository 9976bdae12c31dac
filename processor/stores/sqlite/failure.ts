import { SpanledgerError } from '../../errors.ts';

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) and what a person can do about them. */
const remedies: Readonly<Record<number, string>> = {
  5: 'another program holds a lock on it; close that program or wait for its transaction',
  6: 'another connection holds a lock on it',
  8: 'it is read-only for this process; check the rights of the file and its folder',
  10: 'reading or writing failed; check the disk',
  11: 'the file is damaged; stop the processor and restore a backup',
  13: 'the disk is full; free space',
  14: 'the file could not be opened; check that the folder exists and that this process may write to it',
  23: 'access was refused',
  26: 'it is not a SQLite file; choose another path',
};

/** What SQLite says as an error of ours; errors of ours pass through. */
export function storeFailure(
  code: 'ledger_unavailable' | 'ledger_unusable',
  path: string,
  error: unknown,
): SpanledgerError {
  if (error instanceof SpanledgerError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const result = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  const remedy = remedies[result];
  return new SpanledgerError(code, `ledger ${path}: ${message}${remedy === undefined ? '' : ` (${remedy})`}`, {
    cause: error,
  });
}
