import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { runCommand, type Outcome } from '../../support/command.ts';
import { temporaryFolder } from '../../support/ledger.ts';

const revenue = (cwd: string, ...args: readonly string[]): Promise<Outcome> =>
  runCommand(['revenue', 'import', ...args], { cwd });

it('revenue import writes beside a running processor, all or nothing, and the same file again changes nothing', async () => {
  const cwd = temporaryFolder();
  const ledger = await openSqliteLedger({ path: join(cwd, 'spanledger.db') });
  const HEAD = 'customer_id,period,net_amount,currency\n';
  writeFileSync(join(cwd, 'good.csv'), `${HEAD}acme,2026-11,199.00,USD\nacme,2026-11,-20,USD\nbolt,2026-10,1,EUR\n`);
  writeFileSync(join(cwd, 'bad.csv'), `${HEAD}acme,2026-11,1,USD\nacme,november,x,USD\n`);
  expect(await revenue(cwd, 'bad.csv')).toEqual({
    code: 2,
    stdout: '',
    stderr: `spanledger: 2 mistakes in bad.csv, nothing was imported
bad.csv:3: period: "november" is not a month such as 2026-11, or a day such as 2026-11-26
bad.csv:3: net_amount: "x" is not a plain decimal number such as 1500.50, or -20 for a refund
`,
  });
  expect((await revenue(cwd, 'good.csv', '--rate', 'EUR=1.5')).stdout).toBe(
    'good.csv: 2 sums of customers and months, 2 new, 0 changed, 0 as before; 2026-10 to 2026-11, $180.50\n',
  );
  const again = (await revenue(cwd, 'good.csv', '--rate', 'EUR=1.5', '--json')).stdout;
  expect(JSON.parse(again)).toEqual({
    file: 'good.csv',
    rows: 2,
    added: 0,
    changed: 0,
    same: 2,
    months: ['2026-10', '2026-11'],
    total_usd: '180.5',
  });
  await ledger.close();
  expect((await revenue(cwd, 'good.csv', '--ledger', 'none.db')).code).toBe(2);
});
