import { readFileSync } from 'node:fs';
import type { Secret } from './settings.ts';

/**
 * Reads a secret where it stands now. Throws a RangeError that says what is missing, and never what was found.
 *
 * @example readSecret({ kind: 'env', name: 'SMTP_PASSWORD' }, process.env)
 */
export function readSecret(secret: Secret, env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (secret.kind === 'given') return secret.value;
  if (secret.kind === 'env') {
    const value = env[secret.name]?.trim();
    if (value === undefined || value === '') throw new RangeError(`the variable ${secret.name} is not set`);
    return value;
  }
  let text: string;
  try {
    text = readFileSync(secret.path, 'utf8').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new RangeError(`${secret.path} cannot be read (${code})`, { cause: error });
  }
  if (text === '') throw new RangeError(`${secret.path} is empty`);
  return text;
}

/** Reads an http or https URL. Throws a RangeError that does not repeat it: many carry a secret. */
export function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new RangeError('this is not a URL such as https://example.com/hook');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new RangeError(`only http and https URLs can be called, not ${url.protocol.slice(0, 20)}`);
  return url;
}
