import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { starterFile } from '../../../processor/budgets/starter.ts';

const folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The real command line, in a folder of its own. */
function budgets(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const main = join(import.meta.dirname, '../../../processor/main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'budgets', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('spanledger budgets', () => {
  it('init writes a valid file, once', () => {
    expect(budgets('init')).toEqual({
      status: 0,
      stdout: 'budgets.yaml is written. Set its amounts, then: spanledger budgets check budgets.yaml\n',
      stderr: '',
    });
    expect(readFileSync(join(folder, 'budgets.yaml'), 'utf8')).toBe(starterFile);
    expect(budgets('check', 'budgets.yaml')).toMatchObject({
      status: 0,
      stdout: 'budgets.yaml: valid, 4 budgets, told in the log only\n',
    });
    writeFileSync(join(folder, 'budgets.yaml'), 'mine');
    expect(budgets('init')).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'spanledger: budgets.yaml is there already; it stays as it is. Name another file: spanledger budgets init FILE\n',
    });
    expect(readFileSync(join(folder, 'budgets.yaml'), 'utf8')).toBe('mine');
  });

  it('check prints every mistake and exits 2', () => {
    writeFileSync(join(folder, 'bad.yaml'), 'groups: [{ name: x, rules: [{ budget: A, amount: 5 }] }]\n');
    expect(budgets('check', 'bad.yaml')).toEqual({
      status: 2,
      stdout: '',
      stderr: `spanledger: 4 mistakes in bad.yaml
bad.yaml:1:29: rules[0]: "period" is missing
bad.yaml:1:29: rules[0]: "thresholds" is missing
bad.yaml:1:39: budget: "A" is not a lower-case-hyphenated name such as customer-monthly
bad.yaml:1:50: amount: "5" has no unit; write 5 USD, or tokens or requests
`,
    });
    const { status, stdout } = budgets('check', 'bad.yaml', '--json');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      file: 'bad.yaml',
      valid: false,
      mistakes: [{ line: 1, column: 29 }, {}, {}, {}],
    });
  });

  it('check names the receiver without its secrets', () => {
    const notify = 'notify: { webhook: { url: "https://user:hush@example.com/services/hush" } }';
    writeFileSync(join(folder, 'told.yaml'), `groups: []\n${notify}\n`);
    expect(budgets('check', 'told.yaml').stdout).toBe('told.yaml: valid, 0 budgets, told to https://example.com\n');
  });

  it('check of a file that is not there says so', () => {
    expect(budgets('check', 'none.yaml')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'spanledger: none.yaml cannot be read (ENOENT)\n',
    });
  });
});
