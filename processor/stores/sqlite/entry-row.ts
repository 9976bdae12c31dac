import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Charge, PricedCharge, UnpricedReason } from '../../../pricing/charge.ts';
import type { Basis, Counts, UsageState } from '../../../pricing/usage/usage.ts';
import type { Unit } from '../../../pricing/usage/units.ts';
import { dimensionNames, type Dimensions, type Entry, type EntryKey } from '../../ledger.ts';
import { columnUnits, linesOf, moreOf, readLine, type More } from '../entry-more.ts';
import { joinAmount, splitAmount } from './amount.ts';

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
  const more = moreOf(entry, own);
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
    more === undefined ? null : JSON.stringify(more),
  ];
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

function text(row: Readonly<Record<string, SQLOutputValue>>, name: string): string {
  const value = row[name];
  return typeof value === 'string' ? value : '';
}
