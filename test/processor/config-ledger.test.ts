import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, type Config } from '../../processor/config.ts';
import { shownLedger } from '../../processor/stores/index.ts';
import { temporaryFolder } from '../support/ledger.ts';

const cwd = temporaryFolder;

function load(text: string, env: Readonly<Record<string, string>> = {}, folder = cwd()): Config {
  writeFileSync(join(folder, 'spanledger.yaml'), text);
  return loadConfig({ env, cwd: folder });
}

describe('a ledger in PostgreSQL', () => {
  test('a URL, in the file or the environment; files stand where the processor runs, or in a folder of their own', () => {
    const folder = cwd();
    const url = 'postgres://ledger@db/costs';
    expect(load(`ledger: ${url}`, {}, folder)).toMatchObject({ ledger: url, data: folder });
    const env = { SPANLEDGER_LEDGER: 'postgres://ledger:of-the-environment@db/costs', SPANLEDGER_DATA: 'data' };
    expect(load('ledger: ./other.db', env, folder)).toMatchObject({
      ledger: env.SPANLEDGER_LEDGER,
      data: join(folder, 'data'),
    });
  });

  test.each([
    ['the environment', 'password: { env: DB_PASSWORD }', { DB_PASSWORD: 'p@ss/w%41rd' }],
    ['a file', 'password: { file: secret.txt }', {}],
    ['its own variable', '', { SPANLEDGER_LEDGER_PASSWORD: 'p@ss/w%41rd' }],
  ])('its password comes from %s, and is never shown', (_, password, env) => {
    const folder = cwd();
    writeFileSync(join(folder, 'secret.txt'), 'p@ss/w%41rd\n');
    const text = `ledger:\n  postgres: postgres://ledger@db:5433/costs\n  replica: postgres://ledger@reads/costs\n  ${password}`;
    const { ledger, replica } = load(text, env, folder);
    expect([ledger, replica].map((url) => decodeURIComponent(new URL(url ?? '').password))).toEqual([
      'p@ss/w%41rd',
      'p@ss/w%41rd',
    ]);
    expect(shownLedger(ledger)).toEqual({ kind: 'postgresql', location: 'db:5433/costs' });
  });

  test.each([
    ['ledger: postgres://u:s3cret@db/costs', ':1:9: ledger: put the password into'],
    ['ledger: postgres://u@db', ':1:9: ledger: the URL names no database'],
    ['ledger:\n  replica: postgres://u@db/costs', ':2:3: ledger: "postgres" is missing'],
    [
      'ledger:\n  postgres: postgres://u@db/c\n  password: s3cret',
      ':3:13: password: a map of keys and values is needed',
    ],
    [
      'ledger:\n  postgres: postgres://u@db/c\n  password: { env: NOT_SET }',
      ':3:20: env: the variable NOT_SET is empty',
    ],
    ['ledger:\n  postgres: ./spanledger.db', ':2:13: postgres: that is not the URL of a database'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => load(text)).toThrow(message);
    expect(() => load(text)).not.toThrow('s3cret');
  });
});
