import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

/** PostgreSQL in this process, in memory, that real clients connect to. All of them share one session: no two work at once. */
export interface Pglite {
  /** Of a schema that nobody else has. */
  url(): string;
  stop(): Promise<void>;
}

/** @example const pglite = await startPglite(); const ledger = await openPostgresLedger({ url: pglite.url(), copyAt: Infinity }); */
export async function startPglite(): Promise<Pglite> {
  const db = await PGlite.create();
  const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0, maxConnections: 50 });
  await server.start();
  const address = server.getServerConn();
  let schemas = 0;
  return {
    url: () => `postgres://postgres@${address}/postgres?sslmode=disable&schema=test_${++schemas}`,
    async stop() {
      await server.stop();
      await db.close();
    },
  };
}
