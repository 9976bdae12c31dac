import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { loadBudgets, mistakesText } from '../budgets/index.ts';
import { starterFile } from '../budgets/starter.ts';
import { SpanledgerError } from '../errors.ts';

/**
 * `spanledger budgets init [FILE]` and `spanledger budgets check FILE`.
 *
 * @example await budgetsCommand().parseAsync(['check', 'budgets.yaml'], { from: 'user' })
 */
export function budgetsCommand(): Command {
  const command = new Command('budgets').description('write and check budgets.yaml');
  command
    .command('init')
    .description('write a commented file to start from; a file that is there stays as it is')
    .argument('[file]', 'where to', 'budgets.yaml')
    .action(init);
  command
    .command('check')
    .description('print every mistake with line and column; exit 2 if there is one')
    .argument('<file>', 'the file to check')
    .option('--json', 'for machines: {"file", "valid", "budgets", "mistakes": [{"line", "column", "message"}]}')
    .action(check);
  return command;
}

function init(path: string): void {
  try {
    writeFileSync(path, starterFile, { flag: 'wx' });
  } catch (error) {
    const exists = errorCode(error) === 'EEXIST';
    const why = exists ? 'is there already; it stays as it is' : `cannot be written (${errorCode(error)})`;
    throw new SpanledgerError('invalid_config', `${path} ${why}. Name another file: spanledger budgets init FILE`, {
      cause: error,
    });
  }
  console.log(`${path} is written. Set its amounts, then: spanledger budgets check ${path}`);
}

function check(path: string, { json = false }: { readonly json?: boolean }): void {
  const loaded = loadBudgets(path, read(path));
  const valid = loaded.status === 'valid';
  if (json) {
    const budgets = valid ? loaded.rules.map(({ budget }) => budget) : [];
    console.log(JSON.stringify({ file: path, valid, budgets, mistakes: valid ? [] : loaded.mistakes }));
    if (!valid) process.exitCode = 2;
  } else if (valid) {
    const count = `${loaded.rules.length} ${loaded.rules.length === 1 ? 'budget' : 'budgets'}`;
    const told = loaded.notify === undefined ? 'told in the log only' : `told to ${loaded.notify.url.origin}`;
    console.log(`${path}: valid, ${count}, ${told}`);
  } else {
    const count = `${loaded.mistakes.length} ${loaded.mistakes.length === 1 ? 'mistake' : 'mistakes'}`;
    throw new SpanledgerError('invalid_config', `${count} in ${path}\n${mistakesText(loaded)}`);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SpanledgerError('invalid_config', `${path} cannot be read (${errorCode(error)})`, { cause: error });
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
