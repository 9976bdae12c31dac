import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { starterFile } from '../../../processor/budgets/starter.ts';
import { runCommand } from '../../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
const fixtures = join(import.meta.dirname, '../../fixtures/budgets/testing');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In a folder of its own. */
async function budgets(
  ...args: readonly string[]
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const { code: status, stdout, stderr } = await runCommand(['budgets', ...args], { cwd: folder });
  return { status, stdout, stderr };
}

describe('spanledger budgets', () => {
  it('init writes a valid file, once', async () => {
    expect(await budgets('init')).toEqual({
      status: 0,
      stdout: 'budgets.yaml is written. Set its amounts, then: spanledger budgets check budgets.yaml\n',
      stderr: '',
    });
    expect(readFileSync(join(folder, 'budgets.yaml'), 'utf8')).toBe(starterFile);
    expect(await budgets('check', 'budgets.yaml')).toMatchObject({
      status: 0,
      stdout: 'budgets.yaml: valid, 7 budgets, told in the log only\n',
    });
    writeFileSync(join(folder, 'budgets.yaml'), 'mine');
    expect(await budgets('init')).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'spanledger: budgets.yaml is there already; it stays as it is. Name another file: spanledger budgets init FILE\n',
    });
    expect(readFileSync(join(folder, 'budgets.yaml'), 'utf8')).toBe('mine');
  });

  it('check prints every mistake and exits 2', async () => {
    writeFileSync(join(folder, 'bad.yaml'), 'groups: [{ name: x, rules: [{ budget: A, amount: 5 }] }]\n');
    expect(await budgets('check', 'bad.yaml')).toEqual({
      status: 2,
      stdout: '',
      stderr: `spanledger: 4 mistakes in bad.yaml
bad.yaml:1:29: rules[0]: "period" is missing
bad.yaml:1:29: rules[0]: "thresholds" is missing
bad.yaml:1:39: budget: "A" is not a lower-case-hyphenated name such as customer-monthly
bad.yaml:1:50: amount: "5" has no unit; write 5 USD, or tokens or requests
`,
    });
    const { status, stdout } = await budgets('check', 'bad.yaml', '--json');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      file: 'bad.yaml',
      valid: false,
      mistakes: [{ line: 1, column: 29 }, {}, {}, {}],
    });
  });

  it('check names the receiver without its secrets', async () => {
    const notify = 'notify: { webhook: { url: "https://user:hush@example.com/services/hush" } }';
    writeFileSync(join(folder, 'told.yaml'), `groups: []\n${notify}\n`);
    expect((await budgets('check', 'told.yaml')).stdout).toBe(
      'told.yaml: valid, 0 budgets, told to https://example.com\n',
    );
  });

  it('test runs calls against a file', async () => {
    expect(await budgets('test', join(fixtures, 'passes.test.yaml'))).toEqual({
      status: 0,
      stdout: `ok     a big call crosses two thresholds, an upgrade resolves them
ok     five reviews a day, and again the next day
ok     a pace that is too high is told after six hours
`,
      stderr: '',
    });
  });

  it('test knows windows, growth and revenue', async () => {
    expect(await budgets('test', join(fixtures, 'windows.test.yaml'))).toEqual({
      status: 0,
      stdout: `ok     a window is told again, once it was well
ok     a feature of 50 USD that grew by 400 % in a week
ok     a customer that costs half of what it may
`,
      stderr: '',
    });
  });

  it('test runs the example of its own help on the file that init writes', async () => {
    const example = /Example:\n([^]*)/.exec((await budgets('test', '--help')).stdout)?.[1] ?? '';
    writeFileSync(join(folder, 'started.yaml'), starterFile);
    writeFileSync(
      join(folder, 'example.yaml'),
      example.replace('budgets.yaml', 'started.yaml').replaceAll(/^ {2}/gm, ''),
    );
    expect(await budgets('test', 'example.yaml')).toMatchObject({
      status: 0,
      stdout: 'ok     one big call crosses two thresholds\n',
      stderr: '',
    });
  });

  it('test says what differs, and where it was expected', async () => {
    const path = join(fixtures, 'fails.test.yaml');
    const { status, stdout } = await budgets('test', path);
    expect(status).toBe(1);
    expect(stdout.replaceAll(path, 'FILE')).toBe(`FAILED wrong in every way
  FILE:8:13: customer-monthly{customer_id="acme"}: state is alerting, expected ok
  FILE:8:13: customer-monthly{customer_id="acme"}: spent is 4.6 USD, expected 4.5 USD
  FILE:9:13: customer-monthly{customer_id="bolt"}: no such budget or key in the period
  FILE:10:9: customer-monthly{customer_id="acme"} 110% firing: not told by 2026-11-03T10:00:00.000Z
  FILE:10:9: customer-monthly{customer_id="acme"} 90% firing: told, and not expected by 2026-11-03T10:00:00.000Z
`);
    const json = (await budgets('test', path, '--json')).stdout;
    expect(JSON.parse(json)).toMatchObject({
      test: 'wrong in every way',
      passed: false,
      failures: [{ line: 8 }, {}, {}, {}, {}],
    });
  });

  it('test of a file with mistakes tells all of them', async () => {
    const path = join(fixtures, 'mistakes.test.yaml');
    const { status, stderr } = await budgets('test', path);
    expect(status).toBe(2);
    expect(stderr.replaceAll(path, 'FILE'))
      .toBe(`spanledger: FILE:5:15: at: "yesterday" is not an instant such as 2026-11-25T12:00:00Z
FILE:6:9: calls[1]: a call has a "cost", or is "unpriced: true"
FILE:7:33: cost: a cost is in USD; tokens stand in "tokens"
FILE:7:50: calls: "0" is not between 1 and 10000
FILE:7:61: tags: "custmer_id" is unknown; did you mean "customer_id"?
FILE:9:56: state: "fine" is not a state; there are ok, alerting, exceeded
FILE:9:108: status: "gone" is not a status; there are firing, resolved
`);
  });

  it('render prints rules, and says what it leaves out', async () => {
    const rendered = await budgets('render', join(fixtures, '../render.good.yaml'), '--format', 'prometheus');
    expect(rendered).toEqual({
      status: 0,
      stdout: readFileSync(join(fixtures, '../render.prometheus.yaml'), 'utf8'),
      stderr: 'spanledger: left out, requests at 5 requests: there is no gauge of requests\n',
    });
    expect((await budgets('render', 'none.yaml', '--format', 'grafana')).status).toBe(2);
  });

  it('check of a file that is not there says so', async () => {
    expect(await budgets('check', 'none.yaml')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'spanledger: none.yaml cannot be read (ENOENT)\n',
    });
  });
});
