import { Command, Option } from 'commander';
import {
  costsAnswer,
  costsCsv,
  type ComparedJson,
  type CostRowJson,
  type CostsJson,
  type SumsJson,
} from '../api/costs.ts';
import { readCosts, type CostsParams } from '../api/params.ts';
import { loadConfig } from '../config.ts';
import { SpanledgerError } from '../errors.ts';
import { dimensionNames } from '../ledger.ts';
import { readLedger } from '../stores/index.ts';
import { ledgerAt } from './ledger-file.ts';
import { tableText } from './table.ts';

interface Options {
  readonly by?: string;
  readonly from?: string;
  readonly to?: string;
  readonly where?: readonly string[];
  readonly bucket?: string;
  readonly tz?: string;
  readonly top?: string;
  readonly compare?: boolean;
  readonly format: 'table' | 'csv' | 'json';
  readonly ledger?: string;
  readonly url?: string;
  readonly config?: string;
}

/**
 * `spanledger query`: what calls cost, from a ledger file (a running processor may be writing to it) or from a server.
 *
 * @example await queryCommand().parseAsync(['--by', 'customer_id', '--from', '-7d', '--top', '10'], { from: 'user' })
 */
export function queryCommand(): Command {
  return new Command('query')
    .description('print what calls cost, by any dimensions')
    .option('--by <names>', `dimensions, separated by commas: ${dimensionNames.join(', ')}`)
    .option('--from <time>', 'where to begin: 2026-11-01, an instant, or -7d, -12h (default: -30d)')
    .option('--to <time>', 'where to end, exclusive (default: now)')
    .option('--where <matchers>', 'which calls: plan="pro",feature!="chat"; may be repeated', collect)
    .option('--bucket <size>', 'a row for each hour, day or month')
    .option('--tz <zone>', 'time zone of days and months (default: that of the configuration, else UTC)')
    .option('--top <count>', 'the dearest groups, the others as one row')
    .option('--compare', 'beside each sum that of the time before')
    .addOption(new Option('--format <format>', 'how to print it').choices(['table', 'csv', 'json']).default('table'))
    .option(
      '--ledger <ledger>',
      'the ledger, a file or postgres://… (default: that of the configuration, else ./spanledger.db)',
    )
    .option(
      '--url <url>',
      'ask a server instead, e.g. http://localhost:9464; its token is taken from SPANLEDGER_TOKEN_READ',
    )
    .option('-c, --config <file>', 'configuration (default: spanledger.yaml, if there is one)')
    .action(async (options: Options) => {
      process.stdout.write(
        options.url === undefined ? await fromFile(options) : await fromServer(options, options.url),
      );
    });
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

async function fromFile(options: Options): Promise<string> {
  const config = loadConfig({ file: options.config, env: process.env, cwd: process.cwd() });
  const clock = { now: Date.now() * 1000, timezone: config.timezone };
  const query = readCosts(params(options, options.format === 'csv' ? 'csv' : 'json'), clock);
  const ledger = await readLedger(ledgerAt(options.ledger, config), config.replica);
  try {
    return textOf(await costsAnswer(ledger, query), query, options.format);
  } finally {
    await ledger.close();
  }
}

async function fromServer(options: Options, url: string): Promise<string> {
  const format = options.format === 'csv' ? 'csv' : 'json';
  const asked = params(options, format);
  // Its own mistakes are told here, before anything is asked of the server.
  const query = readCosts(asked, { now: Date.now() * 1000, timezone: 'UTC' });
  const body = await ask(url, asked);
  return format === 'csv' ? body : textOf(JSON.parse(body) as CostsJson, query, options.format);
}

async function ask(url: string, asked: Readonly<Record<string, string>>): Promise<string> {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new SpanledgerError('invalid_query', `--url: "${url}" is no address such as http://localhost:9464`);
  const address = new URL(`${url.replace(/\/$/, '')}/api/v1/costs`);
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  const token = process.env['SPANLEDGER_TOKEN_READ'];
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  let response: Response;
  try {
    response = await fetch(address, { headers, signal: AbortSignal.timeout(60_000) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SpanledgerError('ledger_unavailable', `${address.origin} can't be reached: ${why}`, { cause: error });
  }
  const body = await response.text();
  if (response.ok) return body;
  const refused = response.status === 400 ? 'invalid_query' : 'ledger_unavailable';
  throw new SpanledgerError(refused, `${address.origin} answered ${response.status}: ${detailOf(body)}`);
}

function detailOf(body: string): string {
  try {
    return (JSON.parse(body) as { detail?: string }).detail ?? '';
  } catch {
    return 'it does not seem to be a Spanledger API';
  }
}

/** The options as the API's parameters. */
function params(options: Options, format: 'json' | 'csv'): Record<string, string> {
  const { by, from, to, where, bucket, tz, top } = options;
  const compare = options.compare === true ? 'previous' : undefined;
  const given = { by, from, to, where: where?.join(','), bucket, tz, top, compare, format };
  return Object.fromEntries(Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function textOf(answer: CostsJson, query: CostsParams, format: Options['format']): string {
  if (format === 'json') return `${JSON.stringify(answer, undefined, 2)}\n`;
  return format === 'csv' ? costsCsv(answer, query) : table(answer, query);
}

function table({ from, to, rows, total, previous }: CostsJson, { by, bucket }: CostsParams): string {
  const names = [
    ...(bucket === undefined ? [] : ['bucket' as const]),
    ...dimensionNames.filter((name) => by.includes(name)),
  ];
  const line = (row: CostRowJson): string[] => [
    ...names.map((name) => row[name] ?? ''),
    ...figures(row),
    ...changes(row),
  ];
  const last = [...names.map((_, index) => (index === 0 ? 'total' : ' ')), ...figures(total), ...changes(total)];
  const head = [...names, 'cost', 'calls', 'unpriced', 'input tokens', 'output tokens'];
  if (previous !== undefined) head.push('before', 'growth');
  const before = previous === undefined ? '' : `, before: from ${previous.from} to ${previous.to}`;
  return `${tableText([head, ...rows.map(line), last], names.length)}from ${from} to ${to}${before}\n`;
}

function changes({ previous, growth }: ComparedJson): string[] {
  if (previous === undefined) return [];
  const percent = typeof growth === 'number' ? `${growth < 0 ? '' : '+'}${(growth * 100).toFixed(1)} %` : '—';
  return [exact(previous.cost_usd), percent];
}

function figures(sums: SumsJson): string[] {
  const counts = [sums.calls, sums.unpriced_calls, sums.input_tokens, sums.output_tokens];
  return [exact(sums.cost_usd), ...counts.map((count) => count.toLocaleString('en-US'))];
}

/** Not rounded: rows and total add up. */
function exact(usd: string | null): string {
  if (usd === null) return '—';
  const [whole = '', fraction = ''] = usd.replace('-', '').split('.');
  return `${usd.startsWith('-') ? '-' : ''}$${whole}.${fraction.padEnd(2, '0')}`;
}
