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
  /** Starts another server that has the same and follows this one. */
  follow(): Promise<Postgres>;
  /** One that follows becomes one of its own, which may be written to. */
  promote(): void;
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
export function startPostgres(settings: readonly string[] = []): Promise<Postgres> {
  return startServer(settings, (run, data) =>
    run('initdb', '-D', data, '-A', 'trust', '-U', 'ledger', '-E', 'UTF8', '--no-locale', '-N'),
  );
}

type Run = (program: string, ...args: string[]) => void;

/** Files that the server reads itself are given to it: it wants keys to be its own. */
export function ownedByServer(...paths: readonly string[]): void {
  const owner = ownerOfServer();
  if (owner !== undefined) for (const path of paths) chownSync(path, owner.uid, owner.gid);
}

/** The server refuses to run as root. */
function ownerOfServer(): Ids | undefined {
  return process.getuid?.() === 0 ? idsOf('postgres') : undefined;
}

async function startServer(settings: readonly string[], fill: (run: Run, data: string) => void): Promise<Postgres> {
  const folder = postgresFolder();
  if (folder === undefined) throw new Error('there is no PostgreSQL on this machine');
  const data = mkdtempSync(join(tmpdir(), 'spanledger-postgres-'));
  const port = await freePort();
  const owner = ownerOfServer();
  ownedByServer(data);
  const run: Run = (program, ...args) =>
    void execFileSync(join(folder, program), args, { ...owner, cwd: data, stdio: 'ignore' });
  const options = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${data}`, ...settings];
  const flags = options.flatMap((option) => ['-c', option]).join(' ');
  const start = (): void => run('pg_ctl', '-D', data, '-w', '-t', '60', '-l', join(data, 'log'), '-o', flags, 'start');
  const halt = (how: 'fast' | 'immediate'): void => run('pg_ctl', '-D', data, '-w', '-m', how, 'stop');
  fill(run, data);
  start();
  let schemas = 0;
  return {
    url: (schema = `test_${++schemas}`) =>
      `postgres://ledger@127.0.0.1:${port}/postgres?sslmode=disable&schema=${schema}`,
    halt,
    start,
    follow: () =>
      startServer(settings, (copy, to) =>
        copy('pg_basebackup', '-D', to, '-h', '127.0.0.1', '-p', `${port}`, '-U', 'ledger', '-c', 'fast', '-R'),
      ),
    promote: () => run('pg_ctl', '-D', data, '-w', 'promote'),
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

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

function idsOf(user: string): Ids {
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
