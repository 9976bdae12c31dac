import { createHash } from 'node:crypto';

/** Where a ledger is in PostgreSQL. */
export interface Location {
  /** As `pg` takes it: `postgres://user:password@host:5432/database?sslmode=verify-full`. */
  readonly url: string;
  /** In double quotes, for SQL. */
  readonly schema: string;
  /** Host and database, for people: no user, no password. */
  readonly shown: string;
}

const DEFAULT_SCHEMA = 'spanledger';

export function isPostgres(location: string): boolean {
  return /^postgres(ql)?:\/\//i.test(location);
}

/**
 * Reads the URL of a ledger. Throws a RangeError that repeats nothing of it, since a password may stand in it.
 *
 * @example readLocation('postgres://ledger:secret@db.internal/costs?schema=prod').shown // 'db.internal/costs, schema prod'
 */
export function readLocation(text: string): Location {
  const problem = (why: string): RangeError =>
    new RangeError(`${why}; a ledger in PostgreSQL is written as postgres://user@host:5432/database`);
  if (!isPostgres(text) || !URL.canParse(text)) throw problem('that is not the URL of a database');
  const url = new URL(text);
  const schema = url.searchParams.get('schema') ?? DEFAULT_SCHEMA;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw problem('the schema needs a name of lower-case letters, digits and _');
  url.searchParams.delete('schema');
  const database = decodeURIComponent(url.pathname.slice(1));
  if (database === '') throw problem('the URL names no database');
  const shown = `${url.host === '' ? (url.searchParams.get('host') ?? 'localhost') : url.host}/${database}`;
  return {
    url: url.href,
    schema: `"${schema}"`,
    shown: schema === DEFAULT_SCHEMA ? shown : `${shown}, schema ${schema}`,
  };
}

/** The keys of this ledger's advisory locks (they are one namespace a database). */
export function lockKeys(schema: string): { readonly write: string; readonly migrate: string } {
  const key = (what: string): string =>
    createHash('sha256').update(`spanledger ${schema} ${what}`).digest().readBigInt64BE().toString();
  return { write: key('write'), migrate: key('migrate') };
}
