import type { Charge, PricedCharge, UnpricedReason } from '../../../pricing/charge.ts';
import { formatUsd, parseUsd } from '../../../pricing/money.ts';
import type { Basis, Counts, UsageState } from '../../../pricing/usage/usage.ts';
import type { Unit } from '../../../pricing/usage/units.ts';
import { dimensionNames, type Dimensions, type Entry } from '../../ledger.ts';
import { columnUnits, linesOf, moreOf, readLine, type More } from '../entry-more.ts';
import type { Numbers } from './dictionary.ts';
import { decodeText, encodeText } from './texts.ts';

/** The columns of an entry as it is written, and their types. The largest come first: no padding between them. */
export const written = [
  ['start_us', 'bigint'],
  ['duration_us', 'bigint'],
  ['attempts', 'bigint'],
  ['dimension', 'bigint'],
  ['kind', 'bigint'],
  ['price', 'bigint'],
  ...columnUnits.map((unit) => [unit, 'bigint'] as const),
  ['more_input', 'bigint'],
  ['more_cache_read', 'bigint'],
  ['more_output', 'bigint'],
  ['rev', 'integer'],
  ['span_part', 'integer'],
  ['span', 'bytea'],
  ['cost', 'numeric(38,15)'],
  ['task_id', 'text'],
  ['user_id', 'text'],
  ['session_id', 'text'],
  ['response_id', 'text'],
  ['more', 'text'],
] as const;
export const writtenNames = written.map(([name]) => name).join(', ');

/** Of an entry: 1, or -1 for a revision that takes back. */
export const sign = '(1 - 2 * (rev & 1))';

/** Token totals of an entry. */
export const entryTokens = {
  input: 'input + cache_read + cache_write_5m + cache_write_1h + cache_write + more_input',
  cache_read: 'cache_read + more_cache_read',
  cache_write: 'cache_write_5m + cache_write_1h + cache_write',
  output: 'output + reasoning + more_output',
  reasoning: 'reasoning',
} as const;

export type Value = string | number | null;

/** The values of `written`. */
export function entryValues(entry: Entry, { dimension, kind, price, own }: Numbers): Value[] {
  const { charge, counts } = entry;
  const more = moreOf(entry, own);
  return [
    entry.startUs,
    entry.durationUs,
    entry.attempts,
    dimension,
    kind,
    price ?? null,
    ...columnUnits.map((unit) => counts[unit] ?? 0),
    more?.input_tokens ?? 0,
    more?.cache_read_tokens ?? 0,
    more?.output_tokens ?? 0,
    entry.rev,
    spanPart(entry.spanId),
    `\\x${entry.traceId}${entry.spanId}`,
    charge.status === 'priced' ? formatUsd(charge.amount) : '0',
    textOrNull(entry.taskId),
    textOrNull(entry.userId),
    textOrNull(entry.sessionId),
    textOrNull(entry.responseId),
    more === undefined ? null : JSON.stringify(more),
  ];
}

/** 32 bits of the span id, which is random in every tracer. */
export function spanPart(spanId: string): number {
  return Number.parseInt(spanId.slice(-8), 16) | 0;
}

function textOrNull(text: string): string | null {
  return text === '' ? null : encodeText(text);
}

/** What COPY reads as text: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2 */
export function copyText(rows: readonly (readonly Value[])[]): string {
  let text = '';
  for (const row of rows) {
    let separator = '';
    for (const value of row) {
      text += separator;
      text += value === null ? '\\N' : typeof value === 'number' ? value : escaped(value);
      separator = '\t';
    }
    text += '\n';
  }
  return text;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escaped(text: string): string {
  return /[\\\t\n\r]/.test(text) ? text.replace(/[\\\t\n\r]/g, (char) => escapes[char] ?? char) : text;
}

/** Everything of an entry, by name. Money and counts come as texts. */
export const entryColumns = `e.start_us, encode(e.span, 'hex') AS span, e.rev, e.duration_us, e.attempts, e.tx,
  ${columnUnits.map((unit) => `e.${unit}`).join(', ')}, e.cost, e.task_id, e.user_id, e.session_id, e.response_id, e.more,
  ${dimensionNames.map((name) => `d.${name} AS "d.${name}"`).join(', ')},
  k.operation, k.dialect, k.usage_state, k.basis, k.unpriced_reason, k.sent_provider, k.sent_model, k.region, k.adjustment,
  p.provider AS "p.provider", p.model AS "p.model", p.price_id, p.version, p.source, p.rates`;
export const entryJoins = (s: string): string =>
  `JOIN ${s}.dimension d ON d.id = e.dimension JOIN ${s}.call_kind k ON k.id = e.kind LEFT JOIN ${s}.price p ON p.id = e.price`;

export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** A row of `entryColumns`. */
export function readEntry(row: Row): Entry {
  const more = row['more'] === null ? {} : (JSON.parse(String(row['more'])) as More);
  const counts: Partial<Record<Unit, number>> = {};
  for (const unit of columnUnits) {
    const count = Number(row[unit]);
    if (count > 0) counts[unit] = count;
  }
  Object.assign(counts, more.units);
  const span = String(row['span']);
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

function readCharge(row: Row, counts: Counts, more: More): Charge {
  const reason = text(row, 'unpriced_reason');
  if (reason !== '') return { status: 'unpriced', reason: reason as UnpricedReason, detail: more.detail ?? '' };
  return {
    status: 'priced',
    amount: parseUsd(String(row['cost'])),
    lines:
      more.lines === undefined
        ? linesOf(counts, JSON.parse(text(row, 'rates')) as Record<string, string>)
        : more.lines.map(readLine),
    source: text(row, 'source') as PricedCharge['source'],
    priceId: text(row, 'price_id'),
    priceVersion: text(row, 'version'),
    provider: text(row, 'p.provider'),
    model: text(row, 'p.model'),
  };
}

function text(row: Row, name: string): string {
  const value = row[name];
  return typeof value === 'string' ? decodeText(value) : '';
}
