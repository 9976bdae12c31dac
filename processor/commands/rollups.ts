import { Command } from 'commander';
import { rebuildRollups } from '../stores/index.ts';
import { configOption, ledgerPlace, ledgerOption, type LedgerOptions } from './ledger-file.ts';
import { progressBar } from './progress-bar.ts';

/**
 * `spanledger rollups rebuild`: sums everything up again from the entries.
 *
 * @example await rollupsCommand().parseAsync(['rebuild'], { from: 'user' })
 */
export function rollupsCommand(): Command {
  const rebuild = new Command('rebuild')
    .description('sum everything up again from the entries; a processor on a file must not be running')
    .option(...ledgerOption)
    .option(...configOption)
    .addHelpText('after', '\nIt may be stopped and begun again. Days whose entries are gone keep their sums.')
    .action(async (options: LedgerOptions) => {
      const days = await rebuildRollups(ledgerPlace(options), progressBar('summing up'));
      process.stdout.write(`${days.toLocaleString('en-US')} days were summed up again\n`);
    });
  return new Command('rollups').description('the sums that questions are answered from').addCommand(rebuild);
}
