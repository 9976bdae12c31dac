import { describe, expect, it, onTestFinished } from 'vitest';
import { parseUsd } from '../../pricing/money.ts';
import { loadRevenue } from '../../processor/revenue-file.ts';
import { addMonths, type Revenue } from '../../processor/revenue.ts';
import { openSqliteLedger } from '../../processor/stores/sqlite.ts';
import { openSqliteRevenue } from '../../processor/stores/sqlite/revenue.ts';
import { makeEntry } from '../support/entries.ts';
import { temporaryFolder } from '../support/ledger.ts';

const rates = new Map([['EUR', parseUsd('1.0834')]]);
const HEAD = 'customer_id,period,net_amount,currency,id\n';

describe('a file of revenue', () => {
  it('is read with refunds, days, other currencies, and columns that are not ours', () => {
    const loaded = loadRevenue(
      'Currency,note,customer_id,period,net_amount\nUSD,"a, b",acme,2026-11,199.00\nUSD,,acme,2026-11-26,-20\neur,,bolt,2026-10,3.33\n',
      rates,
    );
    expect(loaded).toEqual({
      status: 'valid',
      rows: [
        { customerId: 'acme', month: '2026-11', id: '', amount: parseUsd('179') },
        { customerId: 'bolt', month: '2026-10', id: '', amount: parseUsd('3.607722') },
      ],
    });
  });

  it('keeps lines with an id apart, and takes another currency to the last decimal', () => {
    const loaded = loadRevenue(`${HEAD}acme,2026-11,10,USD,in-1\nacme,2026-11,-0.000000000000001,EUR,re-1\n`, rates);
    expect(loaded).toMatchObject({ status: 'valid', rows: [{ id: 'in-1' }, { id: 're-1', amount: -1n }] });
  });

  it('tells every mistake with its line', () => {
    const lines = [
      'acme,2026-13,1,USD,',
      ',2026-11,"1,500",USD,',
      '"two',
      'lines",2026-11-31,1e3,GBP,',
      'acme,2026-11,5,dollars,x',
      'acme,2026-11,5,USD,x',
      'acme,2026-11,6,USD,x',
    ];
    expect(loadRevenue(HEAD + lines.join('\n'), rates)).toEqual({
      status: 'invalid',
      mistakes: [
        { line: 2, message: 'period: "2026-13" is not a month such as 2026-11, or a day such as 2026-11-26' },
        { line: 3, message: 'customer_id: it is empty' },
        { line: 3, message: 'net_amount: "1,500" is not a plain decimal number such as 1500.50, or -20 for a refund' },
        { line: 4, message: 'period: "2026-11-31" is not a month such as 2026-11, or a day such as 2026-11-26' },
        { line: 4, message: 'currency: there is no rate for GBP; say it as in --rate GBP=1.0834' },
        { line: 4, message: 'net_amount: "1e3" is not a plain decimal number such as 1500.50, or -20 for a refund' },
        { line: 6, message: 'currency: "dollars" is not a currency such as USD' },
        { line: 8, message: 'id: "x" is there twice for this month' },
      ],
    });
    expect(loadRevenue('customer,period,net_amount\n', rates)).toMatchObject({
      mistakes: [{ message: 'the column "customer_id" is missing' }, { message: 'the column "currency" is missing' }],
    });
    expect(loadRevenue('', rates)).toMatchObject({ mistakes: [{ line: 1 }] });
    expect(loadRevenue(`${HEAD}"acme\n`, rates)).toMatchObject({ mistakes: [{ line: 2 }] });
  });
});

it('months go on over the year', () => {
  expect([addMonths('2026-11', 2), addMonths('2026-01', -1), addMonths('2026-03', 0)]).toEqual([
    '2027-01',
    '2025-12',
    '2026-03',
  ]);
});

describe('revenue in a ledger file', () => {
  const at = 1;
  const row = (customerId: string, month: string, usd: string, id = '') => ({
    customerId,
    month,
    id,
    amount: usd.startsWith('-') ? -parseUsd(usd.slice(1)) : parseUsd(usd),
  });

  async function opened(): Promise<Revenue> {
    const path = `${temporaryFolder()}/ledger.db`;
    // A processor that writes meanwhile is not in the way.
    const ledger = await openSqliteLedger({ path });
    const revenue = openSqliteRevenue(path);
    onTestFinished(async () => {
      await revenue.close();
      await ledger.close();
    });
    await ledger.append([makeEntry(1)]);
    return revenue;
  }

  it('is exact, imported again changes nothing, and is replaced line by line', async () => {
    const revenue = await opened();
    expect(await revenue.version()).toBe(0);
    const rows = [row('acme', '2026-11', '199'), row('acme', '2026-11', '-20.000000000000001', 're-1')];
    expect(await revenue.put([...rows, row('bolt', '2026-10', '9000000000')], at)).toEqual({
      added: 3,
      changed: 0,
      same: 0,
    });
    expect(await revenue.put(rows, at)).toEqual({ added: 0, changed: 0, same: 2 });
    expect(await revenue.sums('2026-11', '2026-11')).toEqual([
      { customerId: 'acme', month: '2026-11', amount: parseUsd('178.999999999999999') },
    ]);
    expect(await revenue.put([row('acme', '2026-11', '99')], at)).toEqual({ added: 0, changed: 1, same: 0 });
    const sums = await revenue.sums('2026-01', '2026-12');
    expect(sums.map(({ customerId, amount }) => [customerId, amount])).toEqual([
      ['bolt', parseUsd('9000000000')],
      ['acme', parseUsd('78.999999999999999')],
    ]);
    expect(await revenue.version()).toBe(3);
  });

  it('needs a ledger', () => {
    expect(() => openSqliteRevenue(`${temporaryFolder()}/none.db`)).toThrow(/none.db/);
  });
});
