import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProvider } from '../support/provider.ts';
import { installPacked } from './support/packed.ts';

/**
 * What a user gets: the packed tarball, installed in an empty folder with npm, and used from there. Nothing of the
 * repository is on the path of the programs that run here.
 */
const folder = mkdtempSync(join(tmpdir(), 'spanledger-package-'));
const cli = join(folder, 'node_modules/.bin/spanledger');

beforeAll(() => installPacked(folder, ['openai@7.57.0', '@anthropic-ai/sdk@1.14.0', '@opentelemetry/api@1.9.0']));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const openaiApp = (importLine: string) => `
${importLine}
const client = new OpenAI({ apiKey: 'k', baseURL: process.env.PROVIDER + '/v1' });
withTags({ customer_id: 'acme', feature: 'summarizer' }, async () => {
  const answer = await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] });
  console.log(answer.usage.prompt_tokens + answer.usage.completion_tokens);
});
`;
const apps = {
  'app.cjs': openaiApp(`const { OpenAI } = require('openai'); const { withTags } = require('spanledger');`),
  'app.mjs': openaiApp(`import OpenAI from 'openai'; import { withTags } from 'spanledger';`),
};

/** The installed processor, on free ports; resolves with its two addresses. */
async function serve(): Promise<{ otlp: string; api: string; stop(): Promise<void> }> {
  const env = { ...process.env, SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0', SPANLEDGER_LISTEN_API: '127.0.0.1:0' };
  const child = spawn(process.execPath, [cli, 'serve'], { cwd: folder, env });
  let said = '';
  const line = await new Promise<RegExpExecArray>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      said += chunk.toString();
      const match = /OTLP (\S+) · page (\S+) ·/.exec(said);
      if (match !== null) resolve(match);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`spanledger serve exited with ${code}:\n${said}`)));
  });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      child.on('exit', () => resolve());
      child.kill('SIGTERM');
    });
  const url = (address: string): string =>
    address.startsWith('http') ? address : `http://127.0.0.1${address.replace(/^.*:/, ':')}`;
  return { otlp: url(line[1]!), api: url(line[2]!), stop };
}

describe('the packed tarball, installed in an empty folder', () => {
  test('brings its command line', () => {
    const quote = execFileSync(
      process.execPath,
      [cli, 'prices', 'quote', 'gpt-4o', '--input', '1250', '--output', '340'],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(quote).toContain('0.006525');
  });

  test('prices a call from a program', () => {
    const program = `import { loadPriceBook, formatUsd, fromInclusive } from 'spanledger/pricing';
      const usage = fromInclusive({ input: 1250, output: 340 }, 'reported');
      const charge = loadPriceBook().price({ provider: 'openai', model: 'gpt-4o', at: Date.now() * 1000, tier: 'standard', region: undefined, usage });
      console.log(formatUsd(charge.amount));`;
    writeFileSync(join(folder, 'price.mjs'), program);
    expect(execFileSync(process.execPath, ['price.mjs'], { cwd: folder, encoding: 'utf8' }).trim()).toBe('0.006525');
  });

  test.each(Object.entries(apps))(
    '%s, started with the preload, is in the ledger of the installed processor',
    async (file, source) => {
      writeFileSync(join(folder, file), source);
      const provider = await startProvider();
      const processor = await serve();
      try {
        const env = { ...process.env, PROVIDER: provider.url, OTEL_EXPORTER_OTLP_ENDPOINT: processor.otlp };
        const app = spawn(process.execPath, ['--require', 'spanledger/instrumentation', file], { cwd: folder, env });
        const code = await new Promise((resolve) => app.on('exit', resolve));
        expect(code).toBe(0);
        const costs = (await (await fetch(`${processor.api}/api/v1/costs?by=customer_id,feature,model`)).json()) as {
          rows: unknown[];
        };
        expect(costs.rows).toMatchObject([{ customer_id: 'acme', feature: 'summarizer', calls: 1, unpriced_calls: 0 }]);
      } finally {
        await processor.stop();
        await provider.stop();
        rmSync(join(folder, 'spanledger.db'), { force: true });
        for (const suffix of ['-wal', '-shm']) rmSync(join(folder, `spanledger.db${suffix}`), { force: true });
      }
    },
  );
});

test('the sdk entry needs a newer API than the lean one: a line says so, and the application runs', () => {
  writeFileSync(join(folder, 'plain.cjs'), 'console.log("running")');
  const run = spawnSync(process.execPath, ['--require', 'spanledger/instrumentation/sdk', 'plain.cjs'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(run).toMatchObject({ status: 0, stdout: 'running\n' });
  expect(run.stderr.trim().split('\n')).toEqual([
    expect.stringContaining('they need @opentelemetry/api 1.10 or later'),
  ]);
});

/** A Node that is too old, where the machine has one outside node_modules. */
const oldNode = (process.env['PATH'] ?? '')
  .split(':')
  .filter((path) => !path.includes('node_modules'))
  .map((path) => join(path, 'node'))
  .find((path) => existsSync(path) && /^v(1\d|20|21)\./.test(execFileSync(path, ['--version'], { encoding: 'utf8' })));

describe.skipIf(oldNode === undefined)(
  `under a Node that is too old (${oldNode ?? 'skipped: none found on the PATH'})`,
  () => {
    test('the command line says so in one line and exits 2', () => {
      const run = spawnSync(oldNode!, [cli, 'serve'], { cwd: folder, encoding: 'utf8' });
      expect(run.status).toBe(2);
      expect(run.stderr.trim().split('\n')).toHaveLength(1);
      expect(run.stderr).toContain('22.18');
    });

    test('the preload says so in one line and the application runs', () => {
      writeFileSync(join(folder, 'plain.cjs'), 'console.log("running")');
      const run = spawnSync(oldNode!, ['--require', 'spanledger/instrumentation', 'plain.cjs'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(run.status).toBe(0);
      expect(run.stdout.trim()).toBe('running');
      expect(run.stderr.trim().split('\n')).toHaveLength(1);
      expect(run.stderr).toContain('22.18');
    });
  },
);
