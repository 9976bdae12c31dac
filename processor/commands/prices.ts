import { Command } from 'commander';
import { quoteCommand } from './prices/quote.ts';

/** `spanledger prices …`: what calls cost, and what the catalog knows. One line a verb. */
export function pricesCommand(): Command {
  const command = new Command('prices').description('what calls cost, and what the rate cards say');
  for (const verb of [quoteCommand()]) command.addCommand(verb);
  return command;
}
