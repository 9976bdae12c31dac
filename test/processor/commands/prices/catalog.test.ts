import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pricesCommand } from '../../../../processor/commands/prices.ts';

const folder = mkdtempSync(join(tmpdir(), 'spanledger-prices-'));
const prices = join(folder, 'prices');
const list = join(folder, 'list.json');

/** Exit code and what was printed; in this process, for a new one takes half a second each. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  try {
    process.exitCode = 0;
    await pricesCommand().parseAsync(args, { from: 'user' });
    return { code: process.exitCode, out: out.join(''), err: err.join('') };
  } finally {
    process.exitCode = 0;
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

function writeList(input: number, more: readonly unknown[] = []): void {
  const model = { id: 'm-1', match: { equals: 'm-1' }, prices: { input_mtok: input, output_mtok: 4 } };
  const provider = (id: string, models: readonly unknown[]): unknown => ({
    id,
    name: id,
    pricing_urls: ['https://x.example'],
    models,
  });
  // The amendments need their providers.
  const amended = ['openai', 'anthropic', 'deepseek', 'perplexity', 'azure'].map((id) => provider(id, []));
  writeFileSync(list, JSON.stringify([provider('acme', [model, ...more]), ...amended]));
}

beforeAll(() => writeList(2));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('prices', () => {
  it('import shows first and writes when told to', async () => {
    const shown = await run('import', '--genai-prices', list, '--day', '2026-01-01', '--out', prices);
    expect(shown.out).toContain('nothing written');
    const written = await run('import', '--genai-prices', list, '--day', '2026-01-01', '--out', prices, '--approve');
    expect(written.out).toMatch(/published 2026-01-01\.[0-9a-f]{8}: \d+ models/);
    expect((await run('quote', 'm-1', '--provider', 'acme', '--input', '1000000', '--prices', prices)).out).toContain(
      'total  $2',
    );
  });

  it('import adds a changed rate behind the old one, from a URL too', async () => {
    writeList(3, [{ id: 'm-2', match: { equals: 'm-2' }, prices: { input_mtok: 1 } }]);
    const server = createServer((_request, response) => response.end(readFileSync(list)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/data.json`;
    const before = join(folder, 'before');
    cpSync(prices, before, { recursive: true });
    const { out } = await run('import', '--from-url', url, '--day', '2026-06-01', '--out', prices, '--approve');
    server.close();
    expect(out).toContain('+ acme/m-2');
    expect(out).toContain('~ acme/m-1: until open -> 2026-06-01T00:00:00.000Z');
    expect(out).toContain('+ acme/m-1@2026-06-01: input 3, output 4');
    const quote = async (at: string): Promise<string> =>
      (await run('quote', 'm-1', '--provider', 'acme', '--input', '1000000', '--prices', prices, '--at', at)).out;
    expect(await quote('2026-05-31')).toContain('total  $2');
    expect(await quote('2026-06-01')).toContain('total  $3');
    expect(await run('diff', before, prices)).toMatchObject({
      code: 1,
      out: expect.stringContaining('+ acme/m-2') as string,
    });
    expect((await run('diff', prices, prices)).code).toBe(0);
  });

  it('check is clean for the cards that come with the package', async () => {
    const { code, out } = await run('check', '--json', '--max-age', '3650');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ findings: [], open: 0 });
  });

  it('check finds age, and every mistake of a wrong card', async () => {
    expect(await run('check', '--prices', prices, '--max-age', '1')).toMatchObject({
      code: 1,
      out: expect.stringContaining('days ago') as string,
    });
    const broken = join(folder, 'broken');
    cpSync(prices, broken, { recursive: true });
    const file = join(broken, 'acme.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"2"', '"two"').replace('"4"', '-4'));
    const { code, err } = await run('check', '--prices', broken);
    expect(code).toBe(2);
    expect(err).toMatch(/acme\.json:\d+:\d+: models\.0\.cards\.0\.rates\.input: "two" is not a decimal/);
    expect(err).toContain('needs a text in quotes');
  });

  it('list shows cards and counts', async () => {
    expect((await run('list', 'o3', '--provider', 'openai')).out).toContain(
      'openai/o3@2025-06-10: input 2, cache_read 0.5, output 8',
    );
    expect((await run('list')).out).toMatch(/\d+ providers, \d+ models, \d+ cards\n$/);
    expect((await run('list', 'no-such-model')).code).toBe(1);
  });
});
