import { Command, CommanderError } from 'commander';
import { commands } from './commands/index.ts';
import { errorTable, SpanledgerError } from './errors.ts';
import { packageVersion } from './version.ts';

/** The command line: `spanledger <verb>`. Exit codes: 0 done, 1 the input was refused, 2 it could not start or was misused. */
const program = new Command('spanledger')
  .description('Know what each customer and feature costs you, to the token.')
  .version(packageVersion());
for (const command of commands) program.addCommand(command());
throwOnMisuse(program);
// Whoever reads our output may stop before its end (`spanledger explain … | head`): that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeFor(error);
}

/** Instead of ending the process on the spot, at any depth: the exit codes are ours. */
function throwOnMisuse(command: Command): void {
  command.exitOverride();
  for (const below of command.commands) throwOnMisuse(below);
}

function exitCodeFor(error: unknown): number {
  // Commander has printed its own message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof SpanledgerError) {
    process.stderr.write(`spanledger: ${error.message}\n`);
    return errorTable[error.code].exit;
  }
  const what = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `spanledger: unexpected error: ${what}\nPlease report it with the output of the same command under SPANLEDGER_DEBUG=1.\n`,
  );
  if (process.env['SPANLEDGER_DEBUG'] !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return 1;
}
