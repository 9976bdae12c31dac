import { exec } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type App } from '../../processor/app.ts';
import { loadConfig } from '../../processor/config.ts';
import { figure } from '../../examples/figures/post.ts';

/**
 * Every command that README and docs/ tell people to type is run here, in the folder of a running processor; or stands in
 * `elsewhere` with the place where it is. What they tell people to write is read in test/docs/.
 */
const root = join(import.meta.dirname, '../..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
const folder = mkdtempSync(join(tmpdir(), 'spanledger-readme-'));

interface Block {
  readonly language: string;
  readonly text: string;
}
const blocks: readonly Block[] = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
    ([, language = '', text = '']) => ({ language, text }),
  ),
);
const commands = new Set(
  blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) =>
      text
        .trim()
        .split('\n')
        .map((line) => line.replace(/ +#.*$/, '')),
    ),
);

/** Where a command is run when it is not run here. */
const elsewhere: Readonly<Record<string, string>> = {
  'npm ci && npm run demo': 'test/e2e/demo.test.ts',
  'npm install spanledger @opentelemetry/api': 'test/interop/package.test.ts',
  'node --require spanledger/instrumentation app.js': 'test/interop/package.test.ts',
  'node --require spanledger/instrumentation/sdk app.js': 'test/interop/sdk.test.ts',
  'SPANLEDGER_GUARD=cap node --require spanledger/instrumentation app.js': 'test/interop/guard.test.ts',
  "SPANLEDGER_GUARD_PER_TRACE='50 calls, 200000 tokens'": 'test/instrumentation/guard/settings.test.ts',
  "SPANLEDGER_GUARD_PER_SESSION='5 USD'": 'test/instrumentation/guard/settings.test.ts',
  "SPANLEDGER_GUARD_PER_TASK='2 USD'": 'test/instrumentation/guard/settings.test.ts',
  'createuser ledger': 'test/interop/postgres/',
  'createdb --owner ledger costs': 'test/interop/postgres/',
  'SPANLEDGER_LEDGER=postgres://ledger@localhost/costs npx spanledger serve': 'test/interop/postgres/',
  'npx spanledger serve': 'test/interop/package.test.ts',
  'npx spanledger erase --customer acme': 'test/processor/commands/upkeep.test.ts',
  'npx spanledger reprice --from 2026-11-01 --to 2026-12-01': 'test/processor/commands/reprice.test.ts',
  'npx spanledger budgets test --notify budgets.yaml': 'test/processor/commands/budgets-notify.test.ts',
  'npx spanledger revenue import november.csv --rate EUR=1.0834': 'test/processor/commands/revenue.test.ts',
  'npm test': 'this run',
  'npm run test:interop': '.ci/run',
  'npm run bench': 'takes minutes: by hand',
};

let app: App;
beforeAll(async () => {
  symlinkSync(join(root, 'examples'), join(folder, 'examples'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const env = { SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0', SPANLEDGER_LISTEN_API: '127.0.0.1:0' };
  app = await startApp(loadConfig({ env, cwd: folder }));
  const headers = { 'content-type': 'application/json' };
  await fetch(`${app.otlpUrl}/v1/traces`, { method: 'POST', headers, body: figure('2', Date.now()) });
});
afterAll(async () => {
  await app.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The command as it stands, but for where the program is and on which port it listens here. */
function run(command: string): Promise<{ status: number; output: string }> {
  const here = command
    .replace('npx spanledger', `node ${join(root, 'processor/bin.cjs')}`)
    .replace('http://localhost:9464', app.apiUrl);
  return shell(here.includes(' query ') ? `${here} --url ${app.apiUrl}` : here, folder);
}

function shell(command: string, cwd: string): Promise<{ status: number; output: string }> {
  // doctor looks where the configuration has the processor.
  const env = {
    ...process.env,
    SPANLEDGER_LISTEN_OTLP: new URL(app.otlpUrl).host,
    SPANLEDGER_LISTEN_API: new URL(app.apiUrl).host,
  };
  return new Promise((resolve) => {
    exec(command, { cwd, env, timeout: 15_000 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : (error.code ?? -1), output: stdout + stderr }),
    );
  });
}

describe('commands in README and docs', () => {
  test.each([...commands].filter((command) => elsewhere[command] === undefined))('%s', async (command) => {
    const { status, output } = await run(command);
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(output).not.toBe('');
  });

  test('no command is excused that is not there', () => {
    expect(Object.keys(elsewhere).filter((command) => !commands.has(command))).toEqual([]);
  });

  test.each([
    ['npx spanledger prices quote gpt-4o --input 1250 --output 340', 'openai/gpt-4o'],
    ['npx spanledger explain examples/figures/2.json', 'chat claude-opus-4-6'],
  ])('%s prints what stands below it', async (command, begin) => {
    const shown = blocks.find(({ language, text }) => language === 'text' && text.startsWith(begin));
    const withoutVersion = (text: string): string => text.replace(/prices of \S+\)/g, 'prices of …)');
    expect(withoutVersion((await run(command)).output)).toContain(
      withoutVersion(shown?.text ?? 'no such block').trim(),
    );
  });
});

test('withTags runs as shown', async () => {
  const snippet = blocks.find(({ language, text }) => language === 'js' && text.includes('withTags('));
  const program = `${snippet?.text}\nfunction summarize(text) { console.log(text); }\n`;
  writeFileSync(join(root, 'dist', 'readme.mjs'), program.replace('(document)', '("summarized")'));
  const { output } = await shell(`${process.execPath} dist/readme.mjs`, root);
  rmSync(join(root, 'dist', 'readme.mjs'));
  expect(output.trim()).toBe('summarized');
});
