/** The ledger on a real PostgreSQL: the whole conformance suite, with COPY for every batch. */
import { afterAll, beforeAll, describe } from 'vitest';
import { openPostgresLedger } from '../../../processor/stores/postgres.ts';
import { ledgerConformance } from '../../conformance/ledger.ts';
import { postgresFolder, startPostgres, type Postgres } from '../support/postgres.ts';

describe.skipIf(postgresFolder() === undefined)('a real PostgreSQL', () => {
  let server: Postgres;
  const urls = new Map<string, string>();
  beforeAll(async () => {
    server = await startPostgres(['fsync=off']);
  });
  afterAll(() => server?.stop());

  ledgerConformance('a PostgreSQL server', (folder) => {
    const url = urls.get(folder) ?? server.url();
    urls.set(folder, url);
    return openPostgresLedger({ url, copyAt: 1 });
  });
});
