import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { readPlace, withPassword } from '../config-ledger.ts';
import { loadConfig, type Config } from '../config.ts';
import { SpanledgerError } from '../errors.ts';
import { shownLedger } from '../stores/index.ts';
import { isPostgres } from '../stores/postgres/location.ts';

export interface LedgerOptions {
  readonly ledger?: string;
  readonly config?: string;
}

/**
 * Where the ledger is: what the command line says, else the configuration. A path, or the URL of a database, whose password
 * comes from the environment, where nobody sees it in a list of processes.
 */
export function ledgerAt(given: string | undefined, config: Pick<Config, 'ledger'>): string {
  if (given === undefined) return config.ledger;
  try {
    return withPassword(readPlace(given), process.env['SPANLEDGER_LEDGER_PASSWORD']);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SpanledgerError('invalid_query', `--ledger: ${error.message}`, { cause: error });
  }
}

/** Where the ledger is that a command is about: the path of a file that is there, or the URL of a database. */
export function ledgerPlace({ ledger, config }: LedgerOptions): string {
  const location =
    ledger === undefined
      ? loadConfig({ file: config, env: process.env, cwd: process.cwd() }).ledger
      : ledgerAt(ledger, { ledger });
  if (isPostgres(location)) return location;
  const path = resolve(location);
  if (!existsSync(path))
    throw new SpanledgerError('ledger_unusable', `there is no ledger ${path}: name one with --ledger`);
  return path;
}

/** The same where only a file will do. */
export function ledgerFile(options: LedgerOptions, instead: string): string {
  const place = ledgerPlace(options);
  if (!isPostgres(place)) return place;
  throw new SpanledgerError('invalid_query', `the ledger is in ${shownLedger(place).location}: ${instead}`);
}

export const ledgerOption = [
  '--ledger <ledger>',
  'the ledger, a file or postgres://… (default: that of the configuration, else ./spanledger.db)',
] as const;
export const configOption = [
  '-c, --config <file>',
  'configuration (default: spanledger.yaml, if there is one)',
] as const;
