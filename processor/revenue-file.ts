import { formatUsd, parseUsd, type FemtoUsd } from '../pricing/money.ts';
import { readCsv, type CsvRecord } from './csv.ts';
import { nearest } from './nearest.ts';
import type { RevenueRow } from './revenue.ts';

/** A mistake in a file of revenue. */
export interface RevenueMistake {
  readonly line: number;
  readonly message: string;
}

export type LoadedRevenue =
  | { readonly status: 'valid'; readonly rows: readonly RevenueRow[] }
  | { readonly status: 'invalid'; readonly mistakes: readonly RevenueMistake[] };

/** USD for one of another currency, exactly: 1 is `USD` itself, in femto-USD. */
export type ExchangeRates = ReadonlyMap<string, FemtoUsd>;

const columns = ['customer_id', 'period', 'net_amount', 'currency', 'id'] as const;
type Column = (typeof columns)[number];
const needed: readonly Column[] = ['customer_id', 'period', 'net_amount', 'currency'];
/** More than anybody would read. */
const MOST_MISTAKES = 100;
const FEMTO = 10n ** 15n;

/**
 * Reads a CSV of revenue: a header with `customer_id,period,net_amount,currency`, in any order, and `id` if lines of one
 * customer and month come in several files. Lines of a customer and month without an id are summed. All mistakes at once.
 *
 * @example loadRevenue('customer_id,period,net_amount,currency\nacme,2026-11,199,USD\n', new Map())
 */
export function loadRevenue(text: string, rates: ExchangeRates): LoadedRevenue {
  const mistakes: RevenueMistake[] = [];
  const wrong = (line: number, message: string): void => {
    mistakes.push({ line, message });
  };
  const rows = new Map<string, RevenueRow>();
  const [header, ...records] = recordsOf(text, wrong);
  const places = header === undefined ? undefined : placesOf(header, wrong);
  if (header === undefined && mistakes.length === 0) wrong(1, `it is empty; the first line is ${needed.join(',')}`);
  for (const record of places === undefined ? [] : records) {
    const row = rowOf(record, places as Places, rates, wrong);
    if (row === undefined) continue;
    const key = JSON.stringify([row.customerId, row.month, row.id]);
    const before = rows.get(key);
    if (before !== undefined && row.id !== '') wrong(record.line, `id: "${row.id}" is there twice for this month`);
    rows.set(key, before === undefined ? row : { ...row, amount: before.amount + row.amount });
  }
  if (mistakes.length > 0) return { status: 'invalid', mistakes: mistakes.slice(0, MOST_MISTAKES) };
  return { status: 'valid', rows: [...rows.values()] };
}

type Wrong = (line: number, message: string) => void;
type Places = Readonly<Partial<Record<Column, number>>>;

function recordsOf(text: string, wrong: Wrong): readonly CsvRecord[] {
  try {
    return readCsv(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const [, line = '1', message = error.message] = /^line (\d+): (.*)$/.exec(error.message) ?? [];
    wrong(Number(line), message);
    return [];
  }
}

function placesOf({ line, fields }: CsvRecord, wrong: Wrong): Places | undefined {
  const names = fields.map((name) => name.toLowerCase());
  const places: Partial<Record<Column, number>> = {};
  for (const [index, name] of names.entries()) {
    const column = columns.find((known) => known === name);
    if (column !== undefined && places[column] !== undefined) wrong(line, `the column "${name}" is there twice`);
    if (column !== undefined) places[column] = index;
  }
  const missing = needed.filter((column) => places[column] === undefined);
  for (const column of missing) {
    const hint = nearest(column, names);
    wrong(line, `the column "${column}" is missing${hint === undefined ? '' : `; is "${hint}" meant?`}`);
  }
  return missing.length > 0 ? undefined : places;
}

function rowOf(
  { line, fields }: CsvRecord,
  places: Places,
  rates: ExchangeRates,
  wrong: Wrong,
): RevenueRow | undefined {
  const field = (column: Column): string => fields[places[column] ?? -1] ?? '';
  const read = <T>(column: Column, reader: (text: string) => T): T | undefined => {
    try {
      return reader(field(column));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      wrong(line, `${column}: ${error.message}`);
      return undefined;
    }
  };
  const customerId = read('customer_id', readCustomer);
  const month = read('period', readMonth);
  const rate = read('currency', (text) => readCurrency(text, rates));
  const amount = read('net_amount', readAmount);
  if (customerId === undefined || month === undefined || rate === undefined || amount === undefined) return undefined;
  const usd = amount * rate;
  return { customerId, month, id: field('id'), amount: rounded(usd) };
}

/** Half away from zero, at a femto-USD: only amounts in other currencies are rounded. */
function rounded(product: bigint): FemtoUsd {
  const half = product < 0n ? -FEMTO / 2n : FEMTO / 2n;
  return (product + half) / FEMTO;
}

function readCustomer(text: string): string {
  if (text !== '' && text.length <= 1000) return text;
  throw new RangeError(text === '' ? 'it is empty' : `it has ${text.length} characters`);
}

/** A month, or a day of it. */
function readMonth(text: string): string {
  const [, month, day = '01'] = /^(\d{4}-\d\d)(?:-(\d\d))?$/.exec(text) ?? [];
  const date = new Date(`${month}-${day}T00:00:00Z`);
  if (month !== undefined && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${month}-${day}`))
    return month;
  throw new RangeError(`"${text.slice(0, 50)}" is not a month such as 2026-11, or a day such as 2026-11-26`);
}

function readCurrency(text: string, rates: ExchangeRates): FemtoUsd {
  const name = text.toUpperCase();
  const rate = name === 'USD' ? FEMTO : rates.get(name);
  if (rate !== undefined) return rate;
  if (!/^[A-Z]{3}$/.test(name)) throw new RangeError(`"${text.slice(0, 50)}" is not a currency such as USD`);
  throw new RangeError(`there is no rate for ${name}; say it as in --rate ${name}=1.0834`);
}

/** The largest that every store keeps exactly, as of charges. */
const MOST: FemtoUsd = 9_000_000_000n * FEMTO;

function readAmount(text: string): FemtoUsd {
  const [, sign = '', number = ''] = /^([-+]?)(\d+(?:\.\d{1,15})?)$/.exec(text) ?? [];
  if (number === '')
    throw new RangeError(`"${text.slice(0, 50)}" is not a plain decimal number such as 1500.50, or -20 for a refund`);
  const amount = parseUsd(number);
  if (amount > MOST) throw new RangeError(`${formatUsd(amount)} is more than any customer pays`);
  return sign === '-' ? -amount : amount;
}
