import { existsSync, readdirSync } from 'node:fs';
import { Command } from 'commander';
import { SpanledgerError } from '../errors.ts';
import { eraseCustomer } from '../stores/index.ts';
import { configOption, ledgerPlace, ledgerOption, type LedgerOptions } from './ledger-file.ts';
import { progressBar } from './progress-bar.ts';

interface Options extends LedgerOptions {
  readonly customer: string;
}

/**
 * `spanledger erase`: puts a token from which nothing leads back in the place of a customer's id.
 *
 * @example await eraseCommand().parseAsync(['--customer', 'acme'], { from: 'user' })
 */
export function eraseCommand(): Command {
  return new Command('erase')
    .description(
      "replace a customer's id by a token from which nothing leads back; a processor on a file must not be running",
    )
    .requiredOption('--customer <id>', 'the id, exactly as it is in the ledger')
    .option(...ledgerOption)
    .option(...configOption)
    .addHelpText(
      'after',
      '\nUser ids, session ids and free tags of its calls go too. Sums stay what they are. It may be stopped and begun again.',
    )
    .action(async (options: Options) => {
      const path = ledgerPlace(options);
      const erased = await eraseCustomer(path, options.customer, Date.now() * 1000, progressBar('erasing'));
      if (erased === undefined)
        throw new SpanledgerError('invalid_query', '--customer: there is no call of this customer in the ledger');
      const { token, calls } = erased;
      process.stdout.write(`${calls.toLocaleString('en-US')} calls are those of ${token} now\n`);
      if (waits(`${path}.spool`))
        process.stdout.write(`${path}.spool still holds spans for a backend; they go once it has taken them\n`);
      process.stdout.write('Copies of the ledger made before, and backends that spans went to, still have the id.\n');
    });
}

function waits(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}
