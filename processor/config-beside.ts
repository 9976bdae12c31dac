import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { ContractError, readContract } from '../pricing/contract-file.ts';
import { loadBudgets, mistakesText } from './budgets/load.ts';
import type { Config } from './config.ts';

/**
 * The mistakes in the files that a configuration names, one a line, so that they are told together with its own and not
 * one start later.
 *
 * @example mistakesBeside({ budgets: '/etc/budgets.yaml', contract: undefined }) // ['budgets.yaml:3:5: …']
 */
export function mistakesBeside({ budgets, contract }: Pick<Config, 'budgets' | 'contract'>): string[] {
  return [...contractMistakes(contract), ...budgetsMistakes(budgets)];
}

function contractMistakes(path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  try {
    readContract(path, readFileSync(path, 'utf8'));
    return [];
  } catch (error) {
    return error instanceof ContractError ? error.problems : [unreadable(path, error)];
  }
}

function budgetsMistakes(path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  try {
    const loaded = loadBudgets(shownPath(path), readFileSync(path, 'utf8'));
    return loaded.status === 'invalid' ? [mistakesText(loaded)] : [];
  } catch (error) {
    return [unreadable(path, error)];
  }
}

function unreadable(path: string, error: unknown): string {
  const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return `${shownPath(path)}: can't be read (${why})`;
}

/** A path as people would write it from where they are. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : `./${near}`;
}
