import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SpanledgerError } from '../errors.ts';
import type { Ledger, LedgerReader } from '../ledger.ts';
import type { Revenue } from '../revenue.ts';
import { openSqliteRevenue } from './sqlite/revenue.ts';
import { openSqliteLedger, readSqliteLedger } from './sqlite.ts';

/**
 * Opens the ledger at a place, which decides the store: the path of a SQLite file.
 *
 * @throws SpanledgerError `ledger_unusable` that names the place and what to do
 * @example const ledger = await openLedger('./spanledger.db');
 */
export function openLedger(location: string): Promise<Ledger> {
  return openSqliteLedger({ path: location });
}

/** For commands that only ask, beside a running processor. */
export function readLedger(location: string): LedgerReader {
  const path = resolve(location);
  if (!existsSync(path))
    throw new SpanledgerError(
      'ledger_unusable',
      `there is no ledger ${path}: name one with --ledger, or a server with --url`,
    );
  return readSqliteLedger({ path });
}

/**
 * Opens the revenue that is kept at the place of a ledger, which is there already; a running processor is not in the way.
 * Undefined where the store keeps none.
 *
 * @throws SpanledgerError `ledger_unusable` that names the place and what to do
 */
export async function openRevenue(location: string): Promise<Revenue | undefined> {
  if (/^postgres(ql)?:/.test(location)) return undefined;
  return openSqliteRevenue(resolve(location));
}
