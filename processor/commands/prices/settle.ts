/** `spanledger prices settle`: what the contract adds to whole months: volume discounts, commitments, what is unused of them. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import type { Contract } from '../../../pricing/contract.ts';
import { ContractError, readContract } from '../../../pricing/contract-file.ts';
import { displayUsd, formatUsd, roundUsd, type FemtoUsd } from '../../../pricing/money.ts';
import { settle, type MonthSpend, type SettlementLine } from '../../../pricing/settle.ts';
import { calendar } from '../../budgets/period.ts';
import { bucketStarts } from '../../buckets.ts';
import { loadConfig } from '../../config.ts';
import { SpanledgerError } from '../../errors.ts';
import type { LedgerReader } from '../../ledger.ts';
import { readLedger } from '../../stores/index.ts';
import { ledgerAt } from '../ledger-file.ts';
import { tableText } from '../table.ts';

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly contract?: string;
  readonly ledger?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function settleCommand(): Command {
  return new Command('settle')
    .description("a period's calls at their own prices, and the lines that contract.yaml adds: what the invoice says")
    .option('--from <month>', 'first month (default: January of the last month)', parseMonth)
    .option('--to <month>', 'last month, e.g. 2026-11 (default: the running one)', parseMonth)
    .option('--contract <file>', 'the contract (default: that of the configuration)')
    .option('--ledger <ledger>', 'the ledger (default: that of the configuration, else ./spanledger.db)')
    .option('--json', 'the lines as JSON')
    .option('-c, --config <file>', 'configuration (default: spanledger.yaml, if there is one)')
    .action(async (options: Options) => {
      const config = loadConfig({ file: options.config, env: process.env, cwd: process.cwd() });
      const contract = readTerms(options.contract ?? config.contract);
      const ledger = await readLedger(ledgerAt(options.ledger, config), config.replica);
      try {
        const now = Date.now() * 1000;
        const to = options.to ?? monthOf(calendar('month', config.timezone)(now).startUs, config.timezone);
        const from = options.from ?? `${to.slice(0, 4)}-01`;
        const spend = await spendByMonth(ledger, { from, to, timezone: config.timezone });
        const lines = settle(contract, spend);
        process.stdout.write(options.json === true ? jsonOf(spend, lines) : textOf(spend, lines, { from, to }));
      } finally {
        await ledger.close();
      }
    });
}

function readTerms(path: string | undefined): Contract {
  if (path === undefined)
    throw new SpanledgerError('invalid_config', 'there is no contract.yaml here: name one with --contract');
  try {
    return readContract(path, readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    throw new SpanledgerError('invalid_config', error.problems.join('\n'), { cause: error });
  }
}

interface Months {
  readonly from: string;
  readonly to: string;
  readonly timezone: string;
}

/** A month without a call has a row too: what was committed for it is owed all the same. */
async function spendByMonth(
  ledger: Pick<LedgerReader, 'costs'>,
  { from, to, timezone }: Months,
): Promise<MonthSpend[]> {
  const month = calendar('month', timezone);
  const start = (name: string): number => {
    const middle = Date.parse(`${name}-15T12:00:00Z`) * 1000;
    return month(middle).startUs;
  };
  if (to < from) throw new SpanledgerError('invalid_query', `--from ${from} is after --to ${to}`);
  const range = { from: start(from), to: month(start(to)).endUs };
  const rows = await ledger.costs({ by: ['provider', 'model'], where: [], bucket: 'month', timezone, ...range });
  const spend = rows.map(({ values: { provider = '', model = '' }, bucketUs = 0, cost }) => ({
    month: monthOf(bucketUs, timezone),
    provider,
    model,
    amount: cost,
  }));
  const empty = bucketStarts('month', timezone, range.from, range.to).map((at) => ({
    month: monthOf(at, timezone),
    provider: '',
    model: '',
    amount: 0n,
  }));
  return [...spend, ...empty];
}

/** The month that a local midnight begins, from its middle. */
function monthOf(startUs: number, timezone: string): string {
  const { startUs: begin, endUs } = calendar('month', timezone)(startUs);
  return new Date((begin + endUs) / 2000).toISOString().slice(0, 7);
}

const words: Readonly<Record<SettlementLine['kind'], string>> = {
  volume_discount: 'volume discount',
  commitment_discount: 'commitment discount',
  overage_discount: 'overage discount',
  unused_commitment: 'unused commitment',
};

function sum(amounts: readonly { readonly amount: FemtoUsd }[]): FemtoUsd {
  return amounts.reduce((total, { amount }) => total + amount, 0n);
}

function textOf(
  spend: readonly MonthSpend[],
  lines: readonly SettlementLine[],
  { from, to }: { from: string; to: string },
): string {
  const calls = sum(spend);
  const rows = lines.map(({ kind, name, period, amount }) => [period, words[kind], name, money(amount)]);
  const table = tableText(
    [
      ['period', 'line', 'of', 'amount'],
      [from === to ? from : `${from} to ${to}`, 'calls', 'at their own prices', money(calls)],
      ...rows,
      ['total', ' ', ' ', money(roundUsd(calls, 2) + sum(lines))],
    ],
    3,
  );
  return lines.length === 0 ? `${table}the contract adds nothing to these months\n` : table;
}

function jsonOf(spend: readonly MonthSpend[], lines: readonly SettlementLine[]): string {
  const calls = sum(spend);
  const answer = {
    calls_usd: formatUsd(calls),
    lines: lines.map(({ amount, ...line }) => ({ ...line, amount_usd: formatUsd(amount) })),
    total_usd: formatUsd(roundUsd(calls, 2) + sum(lines)),
  };
  return `${JSON.stringify(answer, undefined, 2)}\n`;
}

function money(amount: FemtoUsd): string {
  return displayUsd(roundUsd(amount, 2));
}

function parseMonth(text: string): string {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) return text;
  throw new InvalidArgumentError('needs a month such as 2026-11');
}
