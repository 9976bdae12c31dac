import type { ChargeLine, PricedCharge } from '../../pricing/charge.ts';
import { formatUsd, parseUsd } from '../../pricing/money.ts';
import type { Counts } from '../../pricing/usage/usage.ts';
import { unitNames, units, type Unit } from '../../pricing/usage/units.ts';
import type { Entry } from '../ledger.ts';

/*
 * How every store keeps what few calls carry, and what follows from the rest of an entry.
 */

/** Units with a column of their own; the rest stand in `more`. */
export const columnUnits = [
  'input',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'cache_write',
  'output',
  'reasoning',
] as const satisfies readonly Unit[];

/** What `more` may hold; a key that is missing is empty. Token totals are those of its own `units`, for sums in SQL. */
export interface More {
  units?: Partial<Record<Unit, number>>;
  input_tokens?: number;
  cache_read_tokens?: number;
  output_tokens?: number;
  error?: string;
  fallback_from?: string;
  extra?: Readonly<Record<string, string>>;
  /** Of an unpriced charge. */
  detail?: string;
  /** Unit, quantity, rate, amount. */
  lines?: readonly (readonly [Unit, number, string, string])[];
}

const inColumns: ReadonlySet<string> = new Set(columnUnits);

/** @param own the charge, where its lines do not follow from counts and rates */
export function moreOf(entry: Entry, own: PricedCharge | undefined): More | undefined {
  const more: More = {};
  for (const [name, count] of Object.entries(entry.counts)) {
    if (inColumns.has(name)) continue;
    const unit = name as Unit;
    more.units ??= {};
    more.units[unit] = count;
    if (units[unit].direction === 'input') more.input_tokens = (more.input_tokens ?? 0) + count;
    if (units[unit].direction === 'output') more.output_tokens = (more.output_tokens ?? 0) + count;
    if (unit.startsWith('cache_read_')) more.cache_read_tokens = (more.cache_read_tokens ?? 0) + count;
  }
  if (entry.error !== '') more.error = entry.error;
  if (entry.fallbackFrom !== '') more.fallback_from = entry.fallbackFrom;
  if (entry.charge.status === 'unpriced' && entry.charge.detail !== '') more.detail = entry.charge.detail;
  if (own !== undefined)
    more.lines = own.lines.map(
      (line) => [line.unit, line.quantity, formatUsd(line.rate), formatUsd(line.amount)] as const,
    );
  for (const _ in entry.extra) {
    more.extra = entry.extra;
    break;
  }
  for (const _ in more) return more;
  return undefined;
}

/** In the order of the unit table. */
export function linesOf(counts: Counts, rates: Readonly<Record<string, string>>): ChargeLine[] {
  const lines: ChargeLine[] = [];
  for (const unit of unitNames) {
    const quantity = counts[unit];
    const rate = rates[unit];
    if (quantity === undefined || rate === undefined) continue;
    const femto = parseUsd(rate);
    lines.push({ unit, quantity, rate: femto, amount: femto * BigInt(quantity) });
  }
  return lines;
}

export function readLine([unit, quantity, rate, amount]: readonly [Unit, number, string, string]): ChargeLine {
  return { unit, quantity, rate: parseUsd(rate), amount: parseUsd(amount) };
}

/** Whether lines need not be kept: one for every count, none besides, each quantity x rate. */
export function followsFromRates({ lines }: PricedCharge, counts: Counts): boolean {
  let left = 0;
  for (const _ in counts) left++;
  if (left !== lines.length) return false;
  for (const [index, line] of lines.entries()) {
    if (counts[line.unit] !== line.quantity || line.rate * BigInt(line.quantity) !== line.amount) return false;
    for (let before = 0; before < index; before++) if (lines[before]?.unit === line.unit) return false;
  }
  return true;
}
