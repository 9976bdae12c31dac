import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { loadBudgets, mistakesText } from '../budgets/index.ts';
import { channelsOf } from '../budgets/notify/route.ts';
import type { Notify } from '../budgets/notify/settings.ts';
import { targetOf } from '../budgets/notify/target.ts';
import { renderPrometheus } from '../budgets/render-prometheus.ts';
import { starterFile } from '../budgets/starter.ts';
import { loadTests } from '../budgets/testing/load.ts';
import { runTest, type Failure } from '../budgets/testing/run.ts';
import { SpanledgerError } from '../errors.ts';
import { answerLine, tellAll } from './budgets-notify.ts';

const testExample = `
Example:
  budgets: budgets.yaml                  # beside this file
  tests:
    - name: one big call crosses two thresholds
      calls:                             # in any order; "calls: 5" for five alike, "unpriced: true" in the place of a cost
        - { at: 2026-11-03T10:00:00Z, cost: 4.60 USD, tokens: 1200, tags: { customer_id: acme, plan: free } }
      revenue: []                        # what customers pay: { customer_id: acme, month: 2026-11, amount: 199 USD }
      expect:
        - at: 2026-11-03T10:00:00Z
          states:                        # ok, alerting or exceeded; spent and amount may be left out
            - { budget: customer-monthly, labels: { customer_id: acme }, state: alerting, spent: 4.6 USD, amount: 5 USD }
          told:                          # all that was told since the check before; "status: resolved" for an end
            - { budget: customer-monthly, labels: { customer_id: acme }, threshold: 70% }
            - { budget: customer-monthly, labels: { customer_id: acme }, threshold: 90% }
`;

/**
 * `spanledger budgets init [FILE]`, `check FILE`, `test FILE…`, `render FILE`.
 *
 * @example await budgetsCommand().parseAsync(['check', 'budgets.yaml'], { from: 'user' })
 */
export function budgetsCommand(): Command {
  const command = new Command('budgets').description('write, check, test and render budgets.yaml');
  command
    .command('init')
    .description('write a commented file to start from; a file that is there stays as it is')
    .argument('[file]', 'where to', 'budgets.yaml')
    .action(init);
  command
    .command('check')
    .description('print every mistake with line and column; exit 2 if there is one')
    .argument('<file>', 'the file to check')
    .option('--json', 'for machines: {"file", "valid", "budgets", "mistakes": [{"line", "column", "message"}]}')
    .action(check);
  command
    .command('test')
    .description('run calls against a budgets file and compare states and alerts; exit 1 if one differs')
    .argument('<file...>', 'files with "budgets" and "tests"; with --notify, budgets files')
    .option('--notify', 'in the place of tests: send a test message to every receiver and tell what it answered')
    .option(
      '--json',
      'for machines: a line a test, {"file", "test", "passed", "failures": [{"line", "column", "message"}]}',
    )
    .addHelpText('after', testExample)
    .action(test);
  command
    .command('render')
    .description('print the budgets in another language')
    .argument('<file>', 'the budgets file')
    .addOption(
      new Option('--format <format>', 'alerting rules over the gauges of /metrics')
        .choices(['prometheus'])
        .default('prometheus'),
    )
    .action(render);
  return command;
}

function init(path: string): void {
  try {
    writeFileSync(path, starterFile, { flag: 'wx' });
  } catch (error) {
    const exists = errorCode(error) === 'EEXIST';
    const why = exists ? 'is there already; it stays as it is' : `cannot be written (${errorCode(error)})`;
    throw new SpanledgerError('invalid_config', `${path} ${why}. Name another file: spanledger budgets init FILE`, {
      cause: error,
    });
  }
  console.log(`${path} is written. Set its amounts, then: spanledger budgets check ${path}`);
}

function check(path: string, { json = false }: { readonly json?: boolean }): void {
  const loaded = loadBudgets(path, read(path));
  const valid = loaded.status === 'valid';
  if (json) {
    const budgets = valid ? loaded.rules.map(({ budget }) => budget) : [];
    console.log(JSON.stringify({ file: path, valid, budgets, mistakes: valid ? [] : loaded.mistakes }));
    if (!valid) process.exitCode = 2;
  } else if (valid) {
    const count = `${loaded.rules.length} ${loaded.rules.length === 1 ? 'budget' : 'budgets'}`;
    const told = toldWhere(loaded.notify);
    console.log(`${path}: valid, ${count}, ${told}`);
  } else {
    const count = `${loaded.mistakes.length} ${loaded.mistakes.length === 1 ? 'mistake' : 'mistakes'}`;
    throw new SpanledgerError('invalid_config', `${count} in ${path}\n${mistakesText(loaded)}`);
  }
}

interface TestOptions {
  readonly json?: boolean;
  readonly notify?: boolean;
}

async function test(paths: readonly string[], { json = false, notify = false }: TestOptions): Promise<void> {
  if (notify) return testNotify(paths, json);
  for (const path of paths) {
    const loaded = loadTests(path, read(path));
    if (loaded.status === 'invalid') throw new SpanledgerError('invalid_config', mistakesText(loaded));
    const budgetsPath = join(dirname(path), loaded.budgets);
    const budgets = loadBudgets(budgetsPath, read(budgetsPath));
    if (budgets.status === 'invalid') throw new SpanledgerError('invalid_config', mistakesText(budgets));
    for (const each of loaded.tests) {
      const failures = await runTest(budgets.rules, each);
      const passed = failures.length === 0;
      if (!passed) process.exitCode = 1;
      if (json) console.log(JSON.stringify({ file: path, test: each.name, passed, failures }));
      else console.log([`${passed ? 'ok    ' : 'FAILED'} ${each.name}`, ...failureLines(path, failures)].join('\n'));
    }
  }
}

async function testNotify(paths: readonly string[], json: boolean): Promise<void> {
  for (const path of paths) {
    const loaded = loadBudgets(path, read(path), { folder: dirname(resolve(path)), secrets: true });
    if (loaded.status === 'invalid') throw new SpanledgerError('invalid_config', mistakesText(loaded));
    if (loaded.notify === undefined)
      throw new SpanledgerError('invalid_config', `${path} has no "notify": crossings are told in the log only`);
    for (const answer of await tellAll(loaded.notify, Date.now())) {
      if (!answer.taken) process.exitCode = 1;
      console.log(json ? JSON.stringify({ file: path, ...answer }) : answerLine(answer));
    }
  }
}

/** Origins only; a receiver whose address is a secret by its name. */
function toldWhere(notify: Notify | undefined): string {
  if (notify === undefined) return 'told in the log only';
  const targets = channelsOf(notify).map((channel) => targetOf(channel, ''));
  return `told to ${targets.map(({ place, address }) => address || place).join(', ')}`;
}

function render(path: string): void {
  const loaded = loadBudgets(path, read(path));
  if (loaded.status === 'invalid') throw new SpanledgerError('invalid_config', mistakesText(loaded));
  const { text, left } = renderPrometheus(loaded.rules);
  process.stdout.write(text);
  for (const what of left) console.error(`spanledger: left out, ${what}`);
}

function failureLines(path: string, failures: readonly Failure[]): readonly string[] {
  return failures.map(({ line, column, message }) => `  ${path}:${line}:${column}: ${message}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SpanledgerError('invalid_config', `${path} cannot be read (${errorCode(error)})`, { cause: error });
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
