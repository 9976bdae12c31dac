import { Command } from 'commander';
import { checkCommand } from './prices/check.ts';
import { diffCommand } from './prices/diff.ts';
import { importCommand } from './prices/import.ts';
import { listCommand } from './prices/list.ts';
import { quoteCommand } from './prices/quote.ts';
import { settleCommand } from './prices/settle.ts';

/** `spanledger prices …`: what calls cost, and what the catalog knows. One line a verb. */
export function pricesCommand(): Command {
  const command = new Command('prices').description('what calls cost, and what the rate cards say');
  const verbs = [quoteCommand, listCommand, checkCommand, diffCommand, importCommand, settleCommand];
  for (const verb of verbs) command.addCommand(verb());
  return command;
}
