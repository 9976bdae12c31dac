import { Command } from 'commander';
import { openFile } from '../stores/sqlite/open.ts';
import { rebuildRollups } from '../stores/sqlite/rebuild.ts';
import { configOption, ledgerFile, ledgerOption, type LedgerOptions } from './ledger-file.ts';
import { progressBar } from './progress-bar.ts';

/**
 * `spanledger rollups rebuild`: sums everything up again from the entries.
 *
 * @example await rollupsCommand().parseAsync(['rebuild'], { from: 'user' })
 */
export function rollupsCommand(): Command {
  const rebuild = new Command('rebuild')
    .description('sum everything up again from the entries; the processor must not be running')
    .option(...ledgerOption)
    .option(...configOption)
    .addHelpText('after', '\nIt may be stopped and begun again. Days whose entries are gone keep their sums.')
    .action((options: LedgerOptions) => {
      const file = openFile(ledgerFile(options));
      try {
        const days = rebuildRollups(file.db, progressBar('summing up'));
        process.stdout.write(`${days.toLocaleString('en-US')} days were summed up again\n`);
      } finally {
        file.close();
      }
    });
  return new Command('rollups').description('the sums that questions are answered from').addCommand(rebuild);
}
