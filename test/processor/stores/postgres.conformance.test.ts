import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { Ledger } from '../../../processor/ledger.ts';
import { openPostgresLedger } from '../../../processor/stores/postgres.ts';
import { ledgerConformance } from '../../conformance/ledger.ts';
import { settlingConformance } from '../../conformance/settling.ts';
import { startPglite, type Pglite } from '../../support/pglite.ts';

let pglite: Pglite;
beforeAll(async () => {
  pglite = await startPglite();
}, 60_000);
afterAll(() => pglite?.stop());

/** A folder stands for a schema. COPY is for real servers (test/interop): the one in memory does not take it over a socket. */
const urls = new Map<string, string>();
const open = (folder: string): Promise<Ledger> => {
  const url = urls.get(folder) ?? pglite.url();
  urls.set(folder, url);
  return openPostgresLedger({ url, copyAt: Number.POSITIVE_INFINITY });
};
ledgerConformance('PostgreSQL', open, 0.2);

/** Two processors, each with connections of its own. */
settlingConformance(
  'PostgreSQL',
  async () => {
    const url = pglite.url();
    const openOne = async (): Promise<Ledger> => {
      const ledger = await openPostgresLedger({ url, copyAt: Number.POSITIVE_INFINITY });
      onTestFinished(() => ledger.close());
      return ledger;
    };
    return [await openOne(), await openOne()];
  },
  5,
);
