import { existsSync } from 'node:fs';
import { scopes, type AccessScope } from './access.ts';
import { parseAddress, type Address } from './address.ts';
import { isTimezone } from './budgets/period.ts';
import { nearest } from './nearest.ts';

/*
 * How the text of one setting is read, wherever it stands. Each throws a RangeError that says what is needed; none of them
 * repeats what may be a secret.
 */

/** Undefined for a variable that is not set, or set to nothing. */
export function set(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

export function readAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new RangeError(`"${text}" is not an address such as 127.0.0.1:4318`);
  return address;
}

/** `off` for a listener that is not wanted. */
export function readAddressOrOff(text: string): Address | 'off' {
  return text === 'off' ? 'off' : readAddress(text);
}

export function readFlag(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new RangeError(`"${text}" is neither true nor false`);
}

export function readExisting(path: string): string {
  if (!existsSync(path)) throw new RangeError(`there is no file ${path}`);
  return path;
}

export function readEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new RangeError('a URL such as http://localhost:4319 is needed');
  if (url.username !== '' || url.password !== '')
    throw new RangeError('put credentials into "headers", not into the URL');
  return text.replace(/\/+$/, '').replace(/\/v1\/traces$/, '');
}

/** The base URL of a backend for metrics. */
export function readMetricsEndpoint(text: string): string {
  return readEndpoint(text).replace(/\/v1\/metrics$/, '');
}

/** `key=value,key=value`, percent-encoded, as OTEL_EXPORTER_OTLP_HEADERS. */
export function readHeaderList(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const split = pair.indexOf('=');
      if (split < 1) throw new RangeError('headers are written as key=value,key=value');
      try {
        return [pair.slice(0, split).trim(), decodeURIComponent(pair.slice(split + 1).trim())];
      } catch {
        throw new RangeError('a value is not percent-encoded correctly');
      }
    }),
  );
}

export function readTimezone(text: string): string {
  if (!isTimezone(text)) throw new RangeError(`"${text}" is not a time zone such as Europe/Berlin or UTC`);
  return text;
}

export function readScope(text: string): AccessScope {
  const scope = scopes.find((name) => name === text);
  if (scope !== undefined) return scope;
  const hint = nearest(text, scopes);
  throw new RangeError(
    `"${text}" is not a scope${hint === undefined ? `; there are ${scopes.join(', ')}` : `; did you mean "${hint}"?`}`,
  );
}

export function readSecret(text: string | undefined, where: string): string {
  const secret = set(text);
  if (secret === undefined) throw new RangeError(`${where} is empty or not set`);
  if (/\s/.test(secret) || secret.length < 16)
    throw new RangeError(`${where} must hold a secret of at least 16 characters without spaces`);
  return secret;
}

const SIZES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** Bytes. @example readSize('1GiB') // 1073741824 */
export function readSize(text: string): number {
  const [, amount, unit = 'B'] = /^(\d+(?:\.\d+)?)\s*([KMGT]iB|B)?$/.exec(text) ?? [];
  const bytes = Math.round(Number(amount) * (SIZES[unit] ?? Number.NaN));
  if (!Number.isSafeInteger(bytes) || bytes <= 0)
    throw new RangeError(`"${text}" is not a size such as 512MiB or 1GiB`);
  return bytes;
}

export function readOneOf<T extends string>(text: string, choices: readonly T[]): T {
  const chosen = choices.find((choice) => choice === text);
  if (chosen === undefined) throw new RangeError(`"${text}" is not one of ${choices.join(', ')}`);
  return chosen;
}
