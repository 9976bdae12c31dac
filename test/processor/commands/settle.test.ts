import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { runCommand } from '../../support/command.ts';
import { makeEntry } from '../../support/entries.ts';
import { temporaryFolder } from '../../support/ledger.ts';

async function settle(cwd: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['prices', 'settle', ...args], { cwd });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

test('a commitment that is not used up is a line of its own, in a month without calls too', async () => {
  const folder = temporaryFolder();
  const ledger = await openSqliteLedger({ path: join(folder, 'spanledger.db') });
  const startUs = Date.parse('2026-10-31T23:30:00Z') * 1000;
  await ledger.append([makeEntry(1, { startUs, counts: { input: 600 }, rates: { input: '1' } })]);
  await ledger.close();
  writeFileSync(
    join(folder, 'contract.yaml'),
    'commitments:\n  - { name: openai-2026, provider: openai, amount: 1000, period: month, from: 2026-10, until: 2026-11, percent_off: 10 }\n',
  );

  expect(await settle(folder, '--from', '2026-09', '--to', '2026-11')).toBe(
    [
      'period              line                 of                      amount',
      '2026-09 to 2026-11  calls                at their own prices    $600.00',
      '2026-10             commitment discount  openai-2026            -$60.00',
      '2026-10             unused commitment    openai-2026            $460.00',
      '2026-11             unused commitment    openai-2026          $1,000.00',
      'total                                                         $2,000.00',
      '',
    ].join('\n'),
  );
  writeFileSync(join(folder, 'spanledger.yaml'), 'timezone: Europe/Berlin\n');
  expect(JSON.parse(await settle(folder, '--from', '2026-11', '--to', '2026-11', '--json'))).toEqual({
    calls_usd: '600',
    lines: [
      { kind: 'commitment_discount', name: 'openai-2026', period: '2026-11', amount_usd: '-60' },
      { kind: 'unused_commitment', name: 'openai-2026', period: '2026-11', amount_usd: '460' },
    ],
    total_usd: '1000',
  });
});

test('without a contract it says where one may be named', async () => {
  await expect(settle(temporaryFolder())).rejects.toThrow('name one with --contract');
});
