import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Ledger } from '../../processor/ledger.ts';
import { openSqliteLedger } from '../../processor/stores/sqlite.ts';

/** A folder of its own for this test, taken away afterwards. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An empty ledger on disk for this test, closed afterwards. */
export async function temporaryLedger(): Promise<Ledger> {
  const folder = temporaryFolder();
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
  onTestFinished(() => ledger.close());
  return ledger;
}
