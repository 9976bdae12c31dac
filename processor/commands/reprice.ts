import { Command } from 'commander';
import { formatUsd } from '../../pricing/money.ts';
import { readDerivation } from '../api/params.ts';
import { isoTime } from '../api/time.ts';
import { loadConfig, type Config } from '../config.ts';
import type { Ledger, LedgerReader, Matcher } from '../ledger.ts';
import { openPrices } from '../prices.ts';
import { differences, reprice, repriced, type DifferenceRow, type RepriceQuery } from '../reprice.ts';
import { openLedger, readLedger } from '../stores/index.ts';
import { ledgerAt } from './ledger-file.ts';
import { tableText } from './table.ts';

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly ledger?: string;
  readonly config?: string;
}

/**
 * `spanledger reprice`: charges recorded calls by today's price book and contract, each by its price at the time of the
 * call. Shows what changes, then writes adjustments: the original entries stay.
 *
 * @example await repriceCommand().parseAsync(['--from', '2026-11-01', '--dry-run'], { from: 'user' })
 */
export function repriceCommand(): Command {
  return new Command('reprice')
    .description('charge recorded calls by the prices and contract of now, as adjustments that keep the original')
    .option('--from <time>', 'where to begin: 2026-11-01, an instant, or -7d, -12h (default: -30d)')
    .option('--to <time>', 'where to end, exclusive (default: now)')
    .option('--provider <name>', 'only calls of this provider, as they are charged now')
    .option('--model <name>', 'only calls of this model')
    .option('--dry-run', 'show what would change, and write nothing')
    .option('--json', 'print the differences as JSON')
    .option('--ledger <ledger>', 'the ledger (default: that of the configuration, else ./spanledger.db)')
    .option('-c, --config <file>', 'configuration (default: spanledger.yaml, if there is one)')
    .addHelpText(
      'after',
      '\nA call that had no price gets one once contract.yaml or the price book knows its model.\nIt may be stopped and begun again; done twice it changes nothing.',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const config = loadConfig({ file: options.config, env: process.env, cwd: process.cwd() });
  const prices = openPrices(config);
  const query = queryOf(options, config);
  const location = ledgerAt(options.ledger, config);
  const print = (text: string): void => void process.stdout.write(text);
  if (options.dryRun === true) {
    const reader = await readLedger(location);
    try {
      print(await shown(reader, query, options));
    } finally {
      await reader.close();
    }
    return;
  }
  const ledger = await openLedger(location);
  try {
    print(await shown(ledger, query, options));
    await write(ledger, query, prices, print);
  } finally {
    await ledger.close();
  }

  async function shown(from: Pick<LedgerReader, 'entries'>, asked: RepriceQuery, { json }: Options): Promise<string> {
    const rows = await differences(repriced(from, prices, asked));
    return json === true
      ? jsonOf(rows)
      : `${differenceTable(rows)}from ${isoTime(asked.from)} to ${isoTime(asked.to)}\n`;
  }
}

async function write(
  ledger: Ledger,
  query: RepriceQuery,
  prices: ReturnType<typeof openPrices>,
  print: (text: string) => void,
): Promise<void> {
  const at = Date.now() * 1000;
  const id = `reprice ${isoTime(at)}`;
  const { adjusted, outdated } = await reprice(ledger, prices, query, id);
  if (adjusted + outdated === 0) return;
  const { from, to, where } = query;
  const detail = { from: isoTime(from), to: isoTime(to), where, prices: prices.version, adjusted, outdated };
  await ledger.addAudit({ id, at, action: 'reprice', detail: JSON.stringify(detail) });
  print(`${adjusted.toLocaleString('en-US')} calls adjusted (${id})\n`);
  if (outdated > 0) print(`${outdated.toLocaleString('en-US')} calls were corrected meanwhile: run it again\n`);
}

function queryOf({ from, to, provider, model }: Options, { timezone }: Config): RepriceQuery {
  const given = Object.entries({ from, to }).filter(([, value]) => value !== undefined);
  const range = readDerivation(Object.fromEntries(given), { now: Date.now() * 1000, timezone });
  const where = [
    ['provider', provider],
    ['model', model],
  ].flatMap(([name, value]): Matcher[] => (value === undefined ? [] : [{ name: name as 'provider', op: '=', value }]));
  return { from: range.from, to: range.to, where };
}

function differenceTable(rows: readonly DifferenceRow[]): string {
  if (rows.length === 0) return 'nothing to adjust\n';
  const line = ({ provider, model, unpriced, calls, before, after }: Omit<DifferenceRow, 'key'>): string[] => [
    provider,
    model,
    calls.toLocaleString('en-US'),
    unpriced ? '—' : `$${formatUsd(before)}`,
    `$${formatUsd(after)}`,
    signed(after - before),
  ];
  const total: DifferenceRow = { provider: 'total', model: '', unpriced: false, calls: 0, before: 0n, after: 0n };
  for (const row of rows) {
    total.calls += row.calls;
    total.before += row.before;
    total.after += row.after;
  }
  const head = ['provider', 'model', 'calls', 'charged', 'now', 'difference'];
  return tableText([head, ...rows.map(line), line(total)], 2);
}

function signed(amount: bigint): string {
  return amount < 0n ? `-$${formatUsd(-amount)}` : `+$${formatUsd(amount)}`;
}

function jsonOf(rows: readonly DifferenceRow[]): string {
  const differences = rows.map(({ provider, model, unpriced, calls, before, after }) => ({
    provider,
    model,
    calls,
    before_usd: unpriced ? null : formatUsd(before),
    after_usd: formatUsd(after),
    difference_usd: formatUsd(after - before),
  }));
  return `${JSON.stringify({ differences }, undefined, 2)}\n`;
}
