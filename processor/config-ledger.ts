import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, YamlReader } from './budgets/yaml.ts';
import { readExisting, set } from './config-values.ts';
import { isPostgres, readLocation } from './stores/postgres/location.ts';

/** Where the ledger is, as one source gives it. */
export interface LedgerSettings {
  /** A path, or the URL of a database. */
  readonly location: string;
  readonly replica?: string | undefined;
  readonly password?: string | undefined;
}

const shapes = {
  ledger: { keys: ['postgres', 'replica', 'password'], required: ['postgres'] },
  password: { keys: ['env', 'file'] },
} as const;

/** `ledger`: a path or a URL, or a map with `postgres`, `replica` and `password` (`env` or `file`). */
export function readLedgerPlace(
  yaml: YamlReader,
  place: Place,
  inFolder: (path: string) => string,
  env: Readonly<Record<string, string | undefined>>,
): LedgerSettings | undefined {
  if (!yaml.isMap(place)) {
    const location = yaml.value(place, (text) =>
      isPostgres(text) ? withoutPassword(text) : inFolder(readPlace(text)),
    );
    return location === undefined ? undefined : { location };
  }
  const fields = yaml.fields(place, shapes.ledger);
  const value = (key: string): string | undefined => {
    const at = fields?.get(key);
    return at === undefined ? undefined : yaml.value(at, withoutPassword);
  };
  const [location, replica, secret] = [value('postgres'), value('replica'), fields?.get('password')];
  const password = secret === undefined ? undefined : readPassword(yaml, secret, inFolder, env);
  return location === undefined ? undefined : { location, replica, password };
}

function readPassword(
  yaml: YamlReader,
  place: Place,
  inFolder: (path: string) => string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const fields = yaml.fields(place, shapes.password);
  if (fields === undefined) return undefined;
  if (fields.has('env') === fields.has('file')) {
    yaml.wrong(place, 'give either "env" or "file": a secret does not stand here');
    return undefined;
  }
  const [name, path] = [fields.get('env'), fields.get('file')];
  if (name !== undefined) return yaml.value(name, (text) => required(env[text], `the variable ${text}`));
  return path && yaml.value(path, (text) => required(readFileSync(readExisting(inFolder(text)), 'utf8'), text));
}

function required(text: string | undefined, where: string): string {
  const secret = set(text);
  if (secret === undefined) throw new RangeError(`${where} is empty or not set`);
  return secret;
}

/** A path or a URL; throws a RangeError for the URL of anything but PostgreSQL. */
export function readPlace(text: string): string {
  if (isPostgres(text)) {
    readLocation(text);
    return text;
  }
  if (/^[a-z][a-z0-9+]*:\/\//i.test(text))
    throw new RangeError('the ledger is the path of a file, or postgres://user@host:5432/database');
  return text;
}

/** Files are copied and checked in; the environment is not. */
function withoutPassword(text: string): string {
  readLocation(text);
  if (new URL(text).password !== '')
    throw new RangeError('put the password into "password" or SPANLEDGER_LEDGER_PASSWORD, not into the URL');
  return text;
}

/** The URL with the password that is given apart from it. */
export function withPassword(location: string, password: string | undefined): string {
  if (password === undefined || !isPostgres(location)) return location;
  const url = new URL(location);
  // The setter leaves a "%" as it is.
  if (url.password === '') url.password = encodeURIComponent(password);
  return url.href;
}

/** How the names of files begin that a processor keeps for itself: beside the ledger, or in a folder of their own. */
export function filesOf({ ledger, data }: { readonly ledger: string; readonly data: string | undefined }): string {
  if (data !== undefined) return join(data, 'spanledger');
  return isPostgres(ledger) ? 'spanledger' : ledger;
}
