import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { SpanledgerError } from '../errors.ts';
import type { Ledger, LedgerReader } from '../ledger.ts';
import type { Retention } from '../retention.ts';
import type { Revenue } from '../revenue.ts';
import type { Finding } from './finding.ts';
import { openDatabase, type Database } from './postgres/database.ts';
import { eraseCustomer as eraseInPostgres } from './postgres/erase.ts';
import { inspectPostgres } from './postgres/inspect.ts';
import { isPostgres, readLocation, type Location } from './postgres/location.ts';
import { rebuildRollups as rebuildInPostgres } from './postgres/rebuild.ts';
import { openPostgresRevenue } from './postgres/revenue.ts';
import { requireCurrent } from './postgres/schema.ts';
import { openPostgresLedger, readPostgresLedger } from './postgres.ts';
import { eraseCustomer as eraseInSqlite, type Erased } from './sqlite/erase.ts';
import { inspectLedger as inspectSqlite } from './sqlite/inspect.ts';
import { openFile, type OpenFile } from './sqlite/open.ts';
import { rebuildRollups as rebuildInSqlite } from './sqlite/rebuild.ts';
import { openSqliteRevenue } from './sqlite/revenue.ts';
import { openSqliteLedger, readSqliteLedger } from './sqlite.ts';

/*
 * Where a ledger is decides the store: the path of a SQLite file, or the URL of a PostgreSQL database. Everything that differs
 * between the two is behind these functions.
 */

export interface LedgerOptions {
  readonly retention?: Retention | undefined;
  /** The same database on a server that follows, for questions. */
  readonly replica?: string | undefined;
}

/**
 * Opens or creates the ledger at a place.
 *
 * @throws SpanledgerError `ledger_unusable` that names the place and what to do
 * @example const ledger = await openLedger('./spanledger.db');
 */
export function openLedger(location: string, { retention, replica }: LedgerOptions = {}): Promise<Ledger> {
  return isPostgres(location)
    ? openPostgresLedger({ url: location, retention, replica })
    : openSqliteLedger({ path: location, retention });
}

/** For commands that only ask, beside a running processor. */
export async function readLedger(location: string, replica?: string): Promise<LedgerReader> {
  if (isPostgres(location)) return readPostgresLedger({ url: location, replica });
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
 *
 * @throws SpanledgerError `ledger_unusable` that names the place and what to do
 */
export async function openRevenue(location: string): Promise<Revenue> {
  return isPostgres(location) ? openPostgresRevenue(location) : openSqliteRevenue(resolve(location));
}

/** Looks a ledger over. Reads everything; changes nothing. */
export async function* inspectLedger(location: string): AsyncGenerator<Finding> {
  if (isPostgres(location)) yield* inspectPostgres(location);
  else yield* inspectSqlite(location);
}

/** Replaces a customer's id by a token; undefined where nothing of the customer is in the ledger. */
export function eraseCustomer(
  location: string,
  id: string,
  now: number,
  done: (part: number) => void,
): Promise<Erased | undefined> {
  return isPostgres(location)
    ? inDatabase(location, (database, place) => eraseInPostgres(database, place, id, now, done))
    : inFile(location, ({ db }) => eraseInSqlite(db, id, now, done));
}

/** Sums everything up again from the entries; answers how many days. */
export function rebuildRollups(location: string, done: (part: number) => void): Promise<number> {
  return isPostgres(location)
    ? inDatabase(location, (database, place) => rebuildInPostgres(database, place, done))
    : inFile(location, ({ db }) => rebuildInSqlite(db, done));
}

async function inDatabase<T>(url: string, work: (database: Database, location: Location) => Promise<T>): Promise<T> {
  const location = readLocation(url);
  const database = openDatabase(location, 2);
  try {
    await database.use((client) => requireCurrent(client, location));
    return await work(database, location);
  } finally {
    await database.close();
  }
}

async function inFile<T>(path: string, work: (file: OpenFile) => T): Promise<T> {
  const file = openFile(path);
  try {
    return work(file);
  } finally {
    file.close();
  }
}

/** Which store, and where it is, for people: no user and no password. */
export function shownLedger(location: string): { readonly kind: 'sqlite' | 'postgresql'; readonly location: string } {
  if (isPostgres(location)) return { kind: 'postgresql', location: readLocation(location).shown };
  const near = relative(process.cwd(), location);
  return { kind: 'sqlite', location: near.startsWith('..') ? location : `./${near}` };
}
