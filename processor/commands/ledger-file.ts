import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadConfig } from '../config.ts';
import { SpanledgerError } from '../errors.ts';

export interface LedgerOptions {
  readonly ledger?: string;
  readonly config?: string;
}

/** The path of the ledger file that a command is about. What is no file has tools of its own. */
export function ledgerFile({ ledger, config }: LedgerOptions): string {
  const location = ledger ?? loadConfig({ file: config, env: process.env, cwd: process.cwd() }).ledger;
  if (/^postgres(ql)?:/.test(location))
    throw new SpanledgerError(
      'invalid_query',
      'this command is for ledger files; use the tools of PostgreSQL for a ledger there',
    );
  const path = resolve(location);
  if (!existsSync(path))
    throw new SpanledgerError('ledger_unusable', `there is no ledger ${path}: name one with --ledger`);
  return path;
}

export const ledgerOption = [
  '--ledger <file>',
  'the ledger (default: that of the configuration, else ./spanledger.db)',
] as const;
export const configOption = [
  '-c, --config <file>',
  'configuration (default: spanledger.yaml, if there is one)',
] as const;
