import { format } from 'node:util';
import { vi } from 'vitest';
import { runProgram } from '../../processor/program.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * `spanledger …` as its process has it, without the second that a process takes to start: the whole command line, in that
 * folder, with nothing in the environment but `env`. One at a time.
 */
export async function runCommand(
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Outcome> {
  const before = { cwd: process.cwd(), env: { ...process.env }, exitCode: process.exitCode };
  const [stdout, stderr] = [captured(process.stdout), captured(process.stderr)];
  try {
    process.chdir(cwd);
    setEnvironment({ PATH: before.env['PATH'], ...env });
    process.exitCode = undefined;
    const code = (await runProgram(args)) ?? exitCodeOf(process);
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    for (const { restore } of [stdout, stderr]) restore();
    process.exitCode = before.exitCode;
    setEnvironment(before.env);
    process.chdir(before.cwd);
  }
}

/** A command may have set it meanwhile, which the compiler does not see. */
function exitCodeOf({ exitCode }: NodeJS.Process): number {
  return Number(exitCode ?? 0);
}

function setEnvironment(wanted: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (wanted[name] === undefined) delete process.env[name];
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) process.env[name] = value;
}

function captured(stream: NodeJS.WriteStream): { readonly text: () => string; readonly restore: () => void } {
  const parts: string[] = [];
  // The console writes to the streams of the process, but not under vitest.
  const told = vi.spyOn(console, stream === process.stdout ? 'log' : 'error').mockImplementation((...values) => {
    parts.push(`${format(...values)}\n`);
  });
  const spy = vi.spyOn(stream, 'write').mockImplementation((part) => {
    parts.push(typeof part === 'string' ? part : Buffer.from(part).toString());
    return true;
  });
  return { text: () => parts.join(''), restore: () => [spy, told].forEach((each) => each.mockRestore()) };
}
