import { Command, CommanderError } from 'commander';
import { commands } from './commands/index.ts';
import { errorTable, SpanledgerError } from './errors.ts';
import { packageVersion } from './version.ts';

/**
 * The command line: `spanledger <verb>`. Folder and environment are those of this process.
 *
 * @returns the exit code: 0 done, 1 the input was refused, 2 it could not start or was misused; undefined where the command is
 *   done, or has set `process.exitCode` itself
 * @example process.exitCode = (await runProgram(['query', '--by', 'customer_id'])) ?? process.exitCode;
 */
export async function runProgram(args: readonly string[]): Promise<number | undefined> {
  const program = new Command('spanledger')
    .description('Know what each customer and feature costs you, to the token.')
    .version(packageVersion());
  for (const command of commands) program.addCommand(command());
  throwOnMisuse(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    return exitCodeFor(error);
  }
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
