import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { displayUsd, formatUsd, parseUsd, type FemtoUsd } from '../../pricing/money.ts';
import { SpanledgerError } from '../errors.ts';
import { loadRevenue, type ExchangeRates } from '../revenue-file.ts';
import { openRevenue } from '../stores/index.ts';
import { configOption, ledgerPlace, ledgerOption, type LedgerOptions } from './ledger-file.ts';

interface Options extends LedgerOptions {
  readonly rate: ExchangeRates;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const example = `
Example:
  customer_id,period,net_amount,currency
  acme,2026-11,199.00,USD
  acme,2026-11,-20.00,USD
  bolt,2026-11-26,49.00,EUR

  spanledger revenue import november.csv --rate EUR=1.0834

A period is a month, or a day of it. Refunds are negative. Lines of one customer and month are summed, and take the place of
what was imported for them before: importing the same file again changes nothing. Where lines of one customer and month come
in several files, a column "id" (of the invoice, of the refund) keeps them apart.
`;

/**
 * `spanledger revenue import FILE.csv`: what customers pay, to compare cost with. A running processor takes it up within a
 * minute.
 *
 * @example await revenueCommand().parseAsync(['import', 'november.csv'], { from: 'user' })
 */
export function revenueCommand(): Command {
  const command = new Command('revenue').description('what customers pay, for budgets by revenue and margin');
  command
    .command('import')
    .description('read a CSV of customer_id, period, net_amount and currency; all of it, or nothing')
    .argument('<file>', 'the file; - is the standard input')
    .option(
      '--rate <currency=usd>',
      'USD for one of another currency, as in EUR=1.0834; may be repeated',
      readRate,
      new Map(),
    )
    .option('--dry-run', 'check the file, and write nothing')
    .option('--json', 'for machines: {"file", "rows", "added", "changed", "same", "months", "total_usd"}')
    .option(...ledgerOption)
    .option(...configOption)
    .addHelpText('after', example)
    .action(importFile);
  return command;
}

async function importFile(file: string, { rate, dryRun = false, json = false, ...where }: Options): Promise<void> {
  const name = file === '-' ? 'standard input' : file;
  const loaded = loadRevenue(read(file), rate);
  if (loaded.status === 'invalid') {
    const lines = loaded.mistakes.map(({ line, message }) => `${name}:${line}: ${message}`);
    const count = `${lines.length} ${lines.length === 1 ? 'mistake' : 'mistakes'}`;
    throw new SpanledgerError('invalid_query', `${count} in ${name}, nothing was imported\n${lines.join('\n')}`);
  }
  const { rows } = loaded;
  const total = rows.reduce((sum, { amount }) => sum + amount, 0n);
  const months = [...new Set(rows.map(({ month }) => month))].toSorted();
  const path = ledgerPlace(where);
  const revenue = await openRevenue(path);
  try {
    const change = dryRun ? { added: 0, changed: 0, same: 0 } : await revenue.put(rows, Date.now() * 1000);
    if (json) {
      const figures = { file: name, rows: rows.length, ...change, months, total_usd: formatUsd(total) };
      console.log(JSON.stringify(figures));
      return;
    }
    const { added, changed, same } = change;
    const done = dryRun ? 'nothing is written' : `${added} new, ${changed} changed, ${same} as before`;
    const span = months.length > 1 ? `${months[0]} to ${months.at(-1)}` : (months[0] ?? 'no month');
    console.log(`${name}: ${rows.length} sums of customers and months, ${done}; ${span}, ${displayUsd(total)}`);
  } finally {
    await revenue.close();
  }
}

function readRate(text: string, before: ExchangeRates): ExchangeRates {
  const [, currency = '', rate = ''] = /^([A-Za-z]{3})=(\d+(?:\.\d{1,15})?)$/.exec(text) ?? [];
  const value: FemtoUsd = rate === '' ? 0n : parseUsd(rate);
  if (value === 0n) throw new InvalidArgumentError('it is written as in EUR=1.0834.');
  return new Map([...before, [currency.toUpperCase(), value]]);
}

function read(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new SpanledgerError('unreadable_file', `${path} can't be read (${code})`, { cause: error });
  }
}
