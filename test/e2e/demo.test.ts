import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the demo reports to the last digit what was expected, and its budget tells each threshold once', async () => {
  const demo = resolve(import.meta.dirname, '../../examples/demo.ts');
  // Rejects when the demo exits with anything but 0.
  const { stdout } = await promisify(execFile)(process.execPath, [demo, '--once'], { timeout: 60_000 });
  expect(stdout).toMatch(/^summarizer +1,000 +\$14\.00 +44 %$/m);
  expect(stdout).toMatch(/^total +9,000 +\$32\.00$/m);
  expect(stdout).toMatch(/70% +at call 14 .*\n.*90% +at call 18 .*\n.*110% +at call 22 /);
  expect(stdout).toMatch(/a runaway customer .* call 23 refused with 402/);
  expect(stdout).toMatch(/a resend .* no new charge/);
  expect(stdout).toMatch(/^reported \$\S+ · expected \$\S+ · difference 0$/m);
  const [, folder = ''] = /ledger of its own in (\S+)/.exec(stdout) ?? [];
  expect([folder === '', existsSync(folder)]).toEqual([false, false]);
}, 70_000);
