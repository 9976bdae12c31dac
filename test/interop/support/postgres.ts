/** A real PostgreSQL server of its own for a test, in a temporary folder. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { freePort } from './free-port.ts';

export interface Postgres {
  /** Of a schema that nobody else has, unless it is named. */
  url(schema?: string): string;
  /** `immediate` as a crash does: connections break, the log is replayed at the start. */
  halt(how: 'fast' | 'immediate'): void;
  start(): void;
  stop(): void;
}

/** The folder of `initdb` and `pg_ctl`; undefined where there is no server on this machine. */
export function postgresFolder(): string | undefined {
  const debian = globSync('/usr/lib/postgresql/*/bin/initdb').map((path) => dirname(path));
  const onPath = (process.env['PATH'] ?? '').split(delimiter);
  return [...debian.toSorted().toReversed(), ...onPath].find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl')),
  );
}

/** @param settings lines of postgresql.conf as `name=value` */
export async function startPostgres(settings: readonly string[] = []): Promise<Postgres> {
  const folder = postgresFolder();
  if (folder === undefined) throw new Error('there is no PostgreSQL on this machine');
  const data = mkdtempSync(join(tmpdir(), 'spanledger-postgres-'));
  const port = await freePort();
  // The server refuses to run as root.
  const owner = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  if (owner !== undefined) chownSync(data, owner.uid, owner.gid);
  const run = (program: string, ...args: string[]): void =>
    void execFileSync(join(folder, program), args, { ...owner, cwd: data, stdio: 'ignore' });
  const options = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${data}`, ...settings];
  const flags = options.flatMap((option) => ['-c', option]).join(' ');
  const start = (): void => run('pg_ctl', '-D', data, '-w', '-t', '60', '-l', join(data, 'log'), '-o', flags, 'start');
  const halt = (how: 'fast' | 'immediate'): void => run('pg_ctl', '-D', data, '-w', '-m', how, 'stop');
  run('initdb', '-D', data, '-A', 'trust', '-U', 'ledger', '-E', 'UTF8', '--no-locale', '-N');
  start();
  let schemas = 0;
  return {
    url: (schema = `test_${++schemas}`) =>
      `postgres://ledger@127.0.0.1:${port}/postgres?sslmode=disable&schema=${schema}`,
    halt,
    start,
    stop() {
      try {
        halt('immediate');
      } catch {
        // It stands still already.
      }
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function idsOf(user: string): { readonly uid: number; readonly gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
