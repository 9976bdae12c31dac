/** `spanledger prices quote`: the price of one call by hand, or of many as JSON lines. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError } from 'commander';
import { ContractError, readContract } from '../../../pricing/contract-file.ts';
import {
  CatalogError,
  chargeJson,
  compareReported,
  displayUsd,
  formatUsd,
  fromInclusive,
  loadPriceBook,
  providerName,
  readUsageBlock,
  type Charge,
  type ChargeJson,
  type Micros,
  type PriceBook,
  type ServiceTier,
} from '../../../pricing/index.ts';
import { servedTier, serviceTiers } from '../../../pricing/usage/tier.ts';

interface Options {
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite5m?: number;
  readonly cacheWrite1h?: number;
  readonly reasoning?: number;
  readonly provider?: string;
  readonly at?: Micros;
  readonly tier: ServiceTier;
  readonly region?: string;
  readonly json?: boolean;
  readonly contract?: string;
  readonly prices?: string;
}

export function quoteCommand(): Command {
  return new Command('quote')
    .description('the price of a call: by hand, or of JSON lines on stdin when no model is named')
    .argument('[model]', 'e.g. gpt-4o')
    .option('--input <tokens>', 'all input tokens, those of the cache included', parseCount)
    .option('--output <tokens>', 'all output tokens, reasoning included', parseCount)
    .option('--cache-read <tokens>', 'input tokens that were read from the cache', parseCount)
    .option('--cache-write-5m <tokens>', 'input tokens that were written to the cache for five minutes', parseCount)
    .option('--cache-write-1h <tokens>', 'input tokens that were written to the cache for an hour', parseCount)
    .option('--reasoning <tokens>', 'output tokens that were reasoning', parseCount)
    .option('--provider <name>', 'needed where several providers sell the model')
    .option('--at <instant>', 'when the call was made, e.g. 2025-06-09 or 2025-06-09T23:59:59Z (default: now)', parseAt)
    .option('--tier <tier>', listedTiers.join(', '), parseTier, 'standard')
    .option('--region <region>', 'where it was served')
    .option('--contract <file>', 'a contract.yaml to lie over the list prices')
    .option('--prices <folder>', 'a folder of rate cards (default: the one that comes with the package)')
    .option('--json', 'the charge as JSON')
    .addHelpText(
      'after',
      '\nJSON lines: {"provider", "model", "at", "service_tier", "region", "usage", "id"} each; "usage" is the provider\'s own\nusage block, or counts that don\'t overlap by unit name: {"input", "cache_read", "output", …}. "model" and "usage" are needed,\nfor example:\n{"model": "gpt-4o", "usage": {"prompt_tokens": 1250, "completion_tokens": 340}}',
    )
    .action(async (model: string | undefined, options: Options) => {
      const book = openBook(options);
      if (book === undefined) process.exitCode = 2;
      else if (model !== undefined) process.exitCode = printQuote(book, model, options);
      else process.exitCode = await quoteLines(book, createInterface({ input: process.stdin }), nowMicros, printLine);
    });
}

/** Undefined where the contract or the cards are wrong, once every mistake has been printed. */
function openBook({ contract, prices }: Options): PriceBook | undefined {
  try {
    const read = contract === undefined ? undefined : readContract(contract, readFileSync(contract, 'utf8'));
    return loadPriceBook(prices, read);
  } catch (error) {
    if (!(error instanceof ContractError || error instanceof CatalogError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    return undefined;
  }
}

const usageOptions = ['input', 'output', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'reasoning'] as const;

function printQuote(book: PriceBook, model: string, options: Options): number {
  const { provider, region, tier } = options;
  if (usageOptions.every((name) => options[name] === undefined)) {
    process.stderr.write('spanledger: say what was used, e.g. --input 1250 --output 340\n');
    return 2;
  }
  const usage = fromInclusive(
    {
      input: options.input,
      output: options.output,
      cacheRead: options.cacheRead,
      cacheWrite5m: options.cacheWrite5m,
      cacheWrite1h: options.cacheWrite1h,
      reasoning: options.reasoning,
    },
    'reported',
  );
  const charge = book.price({ provider, model, at: options.at ?? nowMicros(), tier, region, usage });
  printLine(options.json === true ? JSON.stringify(chargeJson(charge)) : chargeText(charge));
  return charge.status === 'priced' ? 0 : 1;
}

/** The sum for people. @example chargeText(charge).split('\n').at(-1) // '  total  $0.006525' */
export function chargeText(charge: Charge): string {
  if (charge.status === 'unpriced') return `no price (${charge.reason}): ${charge.detail}`;
  const rows = charge.lines.map(({ unit, quantity, rate, amount }) => [
    unit,
    quantity.toLocaleString('en-US'),
    `× $${formatUsd(rate * 1_000_000n)} per million`,
    `= $${formatUsd(amount)}`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(([unit = '', quantity = '', rate = '', amount = '']) =>
    [unit.padEnd(widths[0] ?? 0), quantity.padStart(widths[1] ?? 0), rate.padEnd(widths[2] ?? 0), amount].join('  '),
  );
  const head = `${charge.priceId} (${charge.source}, prices of ${charge.priceVersion})`;
  return [head, ...lines.map((line) => `  ${line}`), `  total  ${displayTotal(charge.amount)}`].join('\n');
}

/** Every digit where they are few, so that the sum can be checked; else as people read money. */
function displayTotal(amount: bigint): string {
  const exact = formatUsd(amount);
  return exact.length <= 12 ? `$${exact}` : `${displayUsd(amount)} ($${exact})`;
}

export interface LineError {
  readonly status: 'error';
  readonly line: number;
  readonly id?: unknown;
  readonly error: string;
}
/**
 * Where the block says what the call cost, that is the amount, as it is for spans; `list_usd` is then what the rate cards
 * say, null where they say nothing.
 */
export type LineResult = (ChargeJson & { readonly id?: unknown; readonly list_usd?: string | null }) | LineError;

/**
 * One JSON line in, one out, in order. A bad line becomes an error object with its number and the rest goes on. The exit
 * code: 1 if a line was bad. Blank lines are skipped.
 */
export async function quoteLines(
  book: PriceBook,
  lines: AsyncIterable<string>,
  now: () => Micros,
  print: (line: string) => void,
): Promise<number> {
  let number = 0;
  let exit = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const result = quoteLine(book, line, number, now);
    if (result.status === 'error') exit = 1;
    print(JSON.stringify(result));
  }
  return exit;
}

const lineKeys = ['provider', 'model', 'at', 'service_tier', 'region', 'usage', 'id'];

/** @example quoteLine(book, '{"model": "gpt-4o", "usage": {"input": 1250, "output": 340}}', 1, now).status // 'priced' */
export function quoteLine(book: PriceBook, text: string, line: number, now: () => Micros): LineResult {
  let id: unknown;
  try {
    const fields = parseObject(text);
    id = fields['id'];
    const provider = optionalText(fields, 'provider');
    const model = optionalText(fields, 'model');
    if (model === undefined) throw new RangeError('"model" is missing');
    const at = optionalText(fields, 'at');
    const word = optionalText(fields, 'service_tier');
    const reading = readUsageBlock(provider === undefined ? undefined : providerName(provider), fields['usage']);
    const charge = book.price({
      provider,
      model,
      at: at === undefined ? now() : instantOf(at),
      tier: tierOf(word) ?? reading.tier ?? 'standard',
      region: optionalText(fields, 'region') ?? reading.region,
      usage: reading.usage,
    });
    const { reportedCost } = reading;
    const named = id === undefined ? {} : { id };
    if (reportedCost === undefined) return { ...named, ...chargeJson(charge) };
    const who = { provider: provider ?? '', model };
    const list = charge.status === 'priced' ? formatUsd(charge.amount) : null;
    return { ...named, ...chargeJson(compareReported(charge, reportedCost, who, book.version).charge), list_usd: list };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    return { status: 'error', line, ...(id === undefined ? {} : { id }), error: error.message };
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RangeError('not a JSON object');
  const unknown = Object.keys(value).filter((key) => !lineKeys.includes(key));
  if (unknown.length > 0) throw new RangeError(`unknown key "${unknown[0]}"; known are ${lineKeys.join(', ')}`);
  return value as Readonly<Record<string, unknown>>;
}

function optionalText(fields: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = fields[key] ?? undefined;
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw new RangeError(`"${key}" is ${JSON.stringify(value)}, not a text`);
}

/** `auto` says what was wished for, not what was served. */
function tierOf(word: string | undefined): ServiceTier | undefined {
  const tier = servedTier(word);
  if (tier === 'unlisted') throw new RangeError(`"service_tier" is "${word}", not one of ${listedTiers.join(', ')}`);
  return tier;
}

const listedTiers = serviceTiers.filter((tier) => tier !== 'unlisted');

/** @example instantOf('2025-06-10') // 1_749_513_600_000_000 */
function instantOf(text: string): Micros {
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) throw new RangeError(`"${text}" is not an instant such as 2025-06-10 or 2025-06-10T08:30:00Z`);
  return at * 1000;
}

function parseCount(text: string): number {
  const count = /^\d[\d,_]*$/.test(text) ? Number(text.replaceAll(/[,_]/g, '')) : NaN;
  if (Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError('needs a whole number such as 1250');
}

function parseAt(text: string): Micros {
  try {
    return instantOf(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function parseTier(text: string): ServiceTier {
  const tier = servedTier(text);
  if (tier === undefined || tier === 'unlisted')
    throw new InvalidArgumentError(`needs one of ${listedTiers.join(', ')}`);
  return tier;
}

function nowMicros(): Micros {
  return Date.now() * 1000;
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
