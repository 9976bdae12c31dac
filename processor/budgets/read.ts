import { readFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { SpanledgerError } from '../errors.ts';
import { loadBudgets, mistakesText } from './load.ts';
import { loadSilences, type Silence } from './notify/silences.ts';
import type { BudgetsFile } from './rule.ts';

/** What budgets.yaml and the files that it names say. */
export interface BudgetSettings extends BudgetsFile {
  readonly silences: readonly Silence[];
}

export const noBudgets: BudgetSettings = { rules: [], notify: undefined, silences: [] };

/**
 * Reads budgets.yaml and its file of silences as a processor needs them: what alerts are sent with must be there, too.
 *
 * @throws SpanledgerError `invalid_config` with every mistake, one a line, with file, line and column
 * @example readBudgets('/etc/spanledger/budgets.yaml').rules
 */
export function readBudgets(path: string | undefined): BudgetSettings {
  if (path === undefined) return noBudgets;
  const loaded = loadBudgets(shown(path), read(path), { folder: dirname(path), secrets: true });
  if (loaded.status === 'invalid') throw new SpanledgerError('invalid_config', mistakesText(loaded));
  const { rules, notify } = loaded;
  return { rules, notify, silences: notify?.silences === undefined ? [] : readSilences(notify.silences) };
}

function readSilences(path: string): readonly Silence[] {
  const loaded = loadSilences(shown(path), read(path));
  if (loaded.status === 'invalid') throw new SpanledgerError('invalid_config', mistakesText(loaded));
  return loaded.silences;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new SpanledgerError('invalid_config', `${shown(path)} can't be read (${code})`, { cause: error });
  }
}

/** As people would write it from where they are. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : `./${near}`;
}
