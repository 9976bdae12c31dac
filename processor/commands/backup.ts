import { Command } from 'commander';
import { backupLedger } from '../stores/sqlite/backup.ts';
import { configOption, ledgerFile, ledgerOption, type LedgerOptions } from './ledger-file.ts';
import { progressBar } from './progress-bar.ts';

const INSTEAD = 'back it up with pg_dump, or with the base backups and archived logs of the server';

/**
 * `spanledger backup`: a copy of the ledger as it stands now, while the processor goes on.
 *
 * @example await backupCommand().parseAsync(['/backups/monday.db'], { from: 'user' })
 */
export function backupCommand(): Command {
  return new Command('backup')
    .description('copy the ledger as it stands now, while the processor goes on')
    .argument('<file>', 'where to; it must not be there yet')
    .option(...ledgerOption)
    .option(...configOption)
    .action(async (file: string, options: LedgerOptions) => {
      await backupLedger(ledgerFile(options, INSTEAD), file, progressBar('copying'));
      process.stdout.write(`${file} is a copy of the ledger, synced and checked\n`);
    });
}
