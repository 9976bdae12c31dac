/** Every file that README and docs/ show, by the name in its first line, is read as the product reads it. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readContract } from '../../pricing/contract-file.ts';
import { loadBudgets } from '../../processor/budgets/index.ts';
import { loadConfig } from '../../processor/config.ts';
import { temporaryFolder } from '../support/ledger.ts';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
const blocks = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms)].map(
    ([, text = ''], index) => [`${page} yaml ${index + 1}`, /^# (\S+\.yaml)/.exec(text)?.[1], text] as const,
  ),
);

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  'spanledger.yaml': (text) => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'prices'));
    writeFileSync(join(cwd, 'spanledger.yaml'), text);
    const secret = 'a-token-of-the-environment';
    return loadConfig({ env: { COLLECTOR_TOKEN: secret, DASHBOARD_TOKEN: secret }, cwd });
  },
  'contract.yaml': (text) => readContract('contract.yaml', text),
  'budgets.yaml': (text) => {
    const loaded = loadBudgets('budgets.yaml', text);
    expect(loaded).toMatchObject({ status: 'valid' });
    return loaded;
  },
};

test.each(blocks)('%s: %s', (_where, name, text) => {
  const read = readers[name ?? ''];
  expect(
    read,
    `a YAML block begins with one of ${Object.keys(readers)
      .map((known) => `"# ${known}"`)
      .join(', ')}`,
  ).toBeDefined();
  expect(read?.(text)).toBeDefined();
});
