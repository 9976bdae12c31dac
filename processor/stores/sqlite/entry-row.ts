import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Charge, ChargeLine, PricedCharge, UnpricedReason } from '../../../pricing/charge.ts';
import { formatUsd, parseUsd } from '../../../pricing/money.ts';
import type { Basis, Counts, UsageState } from '../../../pricing/usage/usage.ts';
import { unitNames, units, type Unit } from '../../../pricing/usage/units.ts';
import { dimensionNames, type Dimensions, type Entry, type EntryKey } from '../../ledger.ts';
import { joinAmount, splitAmount } from './amount.ts';

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
interface More {
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

export const insertEntry = `INSERT INTO entry (start_us, span, rev, dimension, kind, price, duration_us, attempts,
  ${columnUnits.join(', ')}, cost_nano, cost_rem, task_id, user_id, session_id, response_id, more)
  VALUES (${Array.from({ length: 22 }, () => '?').join(', ')}) ON CONFLICT DO NOTHING`;

/** Everything of an entry, by name; read with big integers. */
export const entryColumns = `e.start_us, e.span, e.rev, e.duration_us, e.attempts, ${columnUnits.join(', ')},
  e.cost_nano, e.cost_rem, e.task_id, e.user_id, e.session_id, e.response_id, e.more,
  ${dimensionNames.map((name) => `d.${name} AS "d.${name}"`).join(', ')},
  k.operation, k.dialect, k.usage_state, k.basis, k.unpriced_reason, k.sent_provider, k.sent_model, k.region, k.adjustment,
  p.provider AS "p.provider", p.model AS "p.model", p.price_id, p.version, p.source,
  (SELECT json_group_object(unit, usd) FROM rate WHERE rate.price = e.price) AS rates`;
export const entryTables = `entry e JOIN dimension d ON d.id = e.dimension JOIN call_kind k ON k.id = e.kind
  LEFT JOIN price p ON p.id = e.price`;

export function spanBlob(key: Pick<EntryKey, 'traceId' | 'spanId'>): Buffer {
  return Buffer.from(key.traceId + key.spanId, 'hex');
}

/** 24 bits of the span id, which is random in every tracer. */
export function spanHash(span: Buffer): Buffer {
  return span.subarray(21, 24);
}

/** The values of `insertEntry`. */
export function entryRow(
  entry: Entry,
  span: Buffer,
  dimension: number,
  kind: number,
  price: { readonly id: number; readonly ownLines: boolean } | undefined,
): SQLInputValue[] {
  const { charge, counts } = entry;
  const [nano, rem] = splitAmount(charge.status === 'priced' ? charge.amount : 0n);
  const own = charge.status === 'priced' && price?.ownLines === true ? charge : undefined;
  return [
    entry.startUs,
    span,
    entry.rev,
    dimension,
    kind,
    price?.id ?? null,
    entry.durationUs,
    entry.attempts,
    ...columnUnits.map((unit) => counts[unit] ?? 0),
    nano,
    rem,
    entry.taskId === '' ? null : entry.taskId,
    entry.userId === '' ? null : entry.userId,
    entry.sessionId === '' ? null : entry.sessionId,
    entry.responseId === '' ? null : entry.responseId,
    moreJson(entry, own),
  ];
}

function moreJson(entry: Entry, own: PricedCharge | undefined): string | null {
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
  for (const _ in more) return JSON.stringify(more);
  return null;
}

/** A row of `entryColumns`, read with big integers. */
export function readEntry(row: Readonly<Record<string, SQLOutputValue>>): Entry {
  const more = row['more'] === null ? {} : (JSON.parse(text(row, 'more')) as More);
  const counts: Partial<Record<Unit, number>> = {};
  for (const unit of columnUnits) {
    const count = Number(row[unit]);
    if (count > 0) counts[unit] = count;
  }
  Object.assign(counts, more.units);
  const span = Buffer.from(row['span'] as Uint8Array).toString('hex');
  return {
    startUs: Number(row['start_us']),
    traceId: span.slice(0, 32),
    spanId: span.slice(32),
    rev: Number(row['rev']),
    durationUs: Number(row['duration_us']),
    dimensions: Object.fromEntries(dimensionNames.map((name) => [name, text(row, `d.${name}`)])) as Dimensions,
    operation: text(row, 'operation'),
    dialect: text(row, 'dialect'),
    sentProvider: text(row, 'sent_provider'),
    sentModel: text(row, 'sent_model'),
    region: text(row, 'region'),
    usageState: text(row, 'usage_state') as UsageState,
    basis: text(row, 'basis') as Basis,
    counts,
    charge: readCharge(row, counts, more),
    taskId: text(row, 'task_id'),
    userId: text(row, 'user_id'),
    sessionId: text(row, 'session_id'),
    responseId: text(row, 'response_id'),
    attempts: Number(row['attempts']),
    fallbackFrom: more.fallback_from ?? '',
    error: more.error ?? '',
    extra: more.extra ?? {},
    adjustment: text(row, 'adjustment'),
  };
}

function readCharge(row: Readonly<Record<string, SQLOutputValue>>, counts: Counts, more: More): Charge {
  const reason = text(row, 'unpriced_reason');
  if (reason !== '') return { status: 'unpriced', reason: reason as UnpricedReason, detail: more.detail ?? '' };
  const rates = JSON.parse(text(row, 'rates')) as Record<string, string>;
  return {
    status: 'priced',
    amount: joinAmount(row['cost_nano'] as bigint, row['cost_rem'] as bigint),
    lines: more.lines === undefined ? linesOf(counts, rates) : more.lines.map(readLine),
    source: text(row, 'source') as PricedCharge['source'],
    priceId: text(row, 'price_id'),
    priceVersion: text(row, 'version'),
    provider: text(row, 'p.provider'),
    model: text(row, 'p.model'),
  };
}

/** In the order of the unit table. */
function linesOf(counts: Counts, rates: Readonly<Record<string, string>>): ChargeLine[] {
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

function text(row: Readonly<Record<string, SQLOutputValue>>, name: string): string {
  const value = row[name];
  return typeof value === 'string' ? value : '';
}
