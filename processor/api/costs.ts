import { formatUsd } from '../../pricing/money.ts';
import { SpanledgerError } from '../errors.ts';
import { dimensionNames, type CostRow, type DimensionName, type LedgerReader } from '../ledger.ts';
import { addSums, emptySums, type Sums } from '../rollup.ts';
import { csvOf } from './csv.ts';
import type { CostsParams } from './params.ts';
import { previousRange } from './previous.ts';
import { isoTime } from './time.ts';

const MAX_ROWS = { json: 10_000, csv: 100_000, ndjson: 100_000 } as const;

export interface SumsJson {
  readonly calls: number;
  /** Exact; null where no call has a price. */
  readonly cost_usd: string | null;
  readonly unpriced_calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

/** Where the time before was asked for too. */
export interface ComparedJson {
  readonly previous?: SumsJson;
  /** Null where one of the two has no price. */
  readonly change_usd?: string | null;
  /** Change by what it was before, cut to six decimals; null where there is nothing to compare with. */
  readonly growth?: number | null;
}

export type CostRowJson = SumsJson &
  ComparedJson & { readonly bucket?: string; readonly other?: true } & Partial<Record<DimensionName, string>>;

export interface CostsJson {
  readonly from: string;
  readonly to: string;
  readonly currency: 'USD';
  readonly rows: readonly CostRowJson[];
  readonly previous?: { readonly from: string; readonly to: string };
  readonly total: SumsJson & ComparedJson;
}

/** One row of the answer before it is written down. */
interface Row extends Sums {
  readonly values: Readonly<Partial<Record<DimensionName, string>>>;
  readonly bucketUs: number | undefined;
  readonly other: boolean;
  unpricedCalls: number;
  previous?: Row | undefined;
}

/**
 * What calls cost, by any dimensions: rows by bucket, the dearest first; beyond `top` groups one row `other`; the total.
 *
 * @throws SpanledgerError `invalid_query` where the answer would have more than 10,000 rows (CSV 100,000)
 */
export async function costsAnswer(ledger: Pick<LedgerReader, 'costs'>, query: CostsParams): Promise<CostsJson> {
  const before = query.compare ? previousRange(query) : undefined;
  const found = await readRows(ledger, query, before);
  const rows = query.top === undefined ? found : foldTop(found, query.top);
  const limit = MAX_ROWS[query.format];
  if (rows.length > limit)
    throw new SpanledgerError(
      'invalid_query',
      `the answer has more than ${limit} rows: narrow it with "where", or take "top" for the dearest and one row of all others`,
    );
  const total: Row = newRow({}, undefined, false);
  if (query.compare) total.previous = newRow({}, undefined, false);
  for (const row of found) addRow(total, row);
  const by = dimensionNames.filter((name) => query.by.includes(name));
  return {
    from: isoTime(query.from),
    to: isoTime(query.to),
    currency: 'USD',
    ...(before && { previous: { from: isoTime(before.from), to: isoTime(before.to) } }),
    rows: rows.toSorted(byBucketAndCost).map((row) => rowJson(row, by)),
    total: sumsWithPrevious(total),
  };
}

/**
 * Rows by fewer dimensions than they were read by, as `costsAnswer` gives them: for answers that have several tables of one
 * reading.
 *
 * @example rowsBy(await ledger.costs({ ...query, by: ['feature', 'plan'] }), ['plan'])
 */
export function rowsBy(found: readonly CostRow[], by: readonly DimensionName[], top?: number): readonly CostRowJson[] {
  const groups = new Map<string, Row>();
  for (const each of found) {
    const values = Object.fromEntries(by.map((name) => [name, each.values[name] ?? '']));
    const key = JSON.stringify([each.bucketUs, values]);
    const group = groups.get(key) ?? newRow(values, each.bucketUs, false);
    groups.set(key, group);
    addRow(group, Object.assign({ other: false }, each));
  }
  const rows = top === undefined ? [...groups.values()] : foldTop([...groups.values()], top);
  return rows.toSorted(byBucketAndCost).map((row) => rowJson(row, by));
}

/** The sum of rows. */
export function totalOf(found: readonly CostRow[]): SumsJson {
  const total = newRow({}, undefined, false);
  for (const row of found) addRow(total, Object.assign({ other: false }, row));
  return sumsJson(total);
}

/** A group that had calls before and has none now is a row too. */
async function readRows(
  ledger: Pick<LedgerReader, 'costs'>,
  query: CostsParams,
  before: { readonly from: number; readonly to: number } | undefined,
): Promise<Row[]> {
  const found = await ledger.costs(query);
  const rows = found.map((row): Row => Object.assign(row, { other: false }));
  if (before === undefined) return rows;
  const byValues = new Map(rows.map((row) => [JSON.stringify(row.values), row]));
  for (const row of rows) row.previous = newRow(row.values, undefined, false);
  for (const old of await ledger.costs({ ...query, ...before })) {
    const key = JSON.stringify(old.values);
    const row = byValues.get(key) ?? newRow(old.values, undefined, false);
    if (!byValues.has(key)) rows.push(row);
    byValues.set(key, row);
    row.previous = Object.assign(old, { other: false });
  }
  return rows;
}

/** @example 'feature,calls,cost_usd,unpriced_calls,input_tokens,output_tokens\r\nchatbot,1000,7.2,0,1200000,240000\r\n' */
export function costsCsv(
  { rows }: CostsJson,
  { by, bucket, compare }: Pick<CostsParams, 'by' | 'bucket' | 'compare'>,
): string {
  const columns = [
    ...(bucket === undefined ? [] : ['bucket']),
    ...dimensionNames.filter((name) => by.includes(name)),
    'calls',
    'cost_usd',
    'unpriced_calls',
    'input_tokens',
    'output_tokens',
    ...(compare ? ['previous_calls', 'previous_cost_usd', 'change_usd', 'growth'] : []),
  ];
  const flat = rows.map(({ previous, ...row }) =>
    previous === undefined
      ? row
      : Object.assign(row, { previous_calls: previous.calls, previous_cost_usd: previous.cost_usd }),
  );
  return csvOf(columns, flat);
}

/** The dearest groups over the whole range keep their rows; the rest of each bucket is one row. */
function foldTop(rows: readonly Row[], top: number): Row[] {
  const keyOf = (row: Row): string => JSON.stringify(row.values);
  const wholes = new Map<string, Row>();
  for (const row of rows) {
    const whole = wholes.get(keyOf(row)) ?? newRow(row.values, undefined, false);
    wholes.set(keyOf(row), whole);
    addRow(whole, row);
  }
  const kept = new Set(
    [...wholes.values()]
      .toSorted(byBucketAndCost)
      .slice(0, top)
      .map(({ values }) => JSON.stringify(values)),
  );
  const others = new Map<number | undefined, Row>();
  const own: Row[] = [];
  for (const row of rows) {
    if (kept.has(keyOf(row))) {
      own.push(row);
      continue;
    }
    const names = Object.fromEntries(Object.keys(row.values).map((name) => [name, 'other']));
    const rest = others.get(row.bucketUs) ?? newRow(names, row.bucketUs, true);
    others.set(row.bucketUs, rest);
    addRow(rest, row);
  }
  return [...own, ...others.values()];
}

function newRow(values: Row['values'], bucketUs: number | undefined, other: boolean): Row {
  return { values, bucketUs, other, unpricedCalls: 0, ...emptySums() };
}

function addRow(into: Row, row: Row): void {
  addSums(into, row);
  into.unpricedCalls += row.unpricedCalls;
  if (row.previous === undefined) return;
  into.previous ??= newRow(into.values, undefined, into.other);
  addRow(into.previous, row.previous);
}

/** "Other" ends its bucket however dear it is; equal costs are told apart by calls, then by name. */
function byBucketAndCost(a: Row, b: Row): number {
  if (a.bucketUs !== b.bucketUs) return (a.bucketUs ?? 0) - (b.bucketUs ?? 0);
  if (a.other !== b.other) return a.other ? 1 : -1;
  if (a.cost !== b.cost) return a.cost > b.cost ? -1 : 1;
  if (isUnpriced(a) !== isUnpriced(b)) return isUnpriced(a) ? 1 : -1;
  if (a.calls !== b.calls) return b.calls - a.calls;
  const [left, right] = [Object.values(a.values).join('\n'), Object.values(b.values).join('\n')];
  return left < right ? -1 : left > right ? 1 : 0;
}

function isUnpriced({ calls, unpricedCalls, cost }: Pick<Row, 'calls' | 'unpricedCalls' | 'cost'>): boolean {
  return calls > 0 && unpricedCalls === calls && cost === 0n;
}

function rowJson(row: Row, by: readonly DimensionName[]): CostRowJson {
  return {
    ...Object.fromEntries(by.map((name) => [name, row.values[name] ?? ''])),
    ...(row.bucketUs === undefined ? {} : { bucket: isoTime(row.bucketUs) }),
    ...(row.other ? { other: true as const } : {}),
    ...sumsWithPrevious(row),
  };
}

function sumsWithPrevious(row: Row): SumsJson & ComparedJson {
  const { previous } = row;
  if (previous === undefined) return sumsJson(row);
  const comparable = !isUnpriced(row) && !isUnpriced(previous);
  const change = row.cost - previous.cost;
  return {
    ...sumsJson(row),
    previous: sumsJson(previous),
    change_usd: comparable ? formatUsd(change) : null,
    growth: comparable && previous.cost !== 0n ? Number((change * 1_000_000n) / previous.cost) / 1_000_000 : null,
  };
}

function sumsJson(row: Row): SumsJson {
  return {
    calls: row.calls,
    cost_usd: isUnpriced(row) ? null : formatUsd(row.cost),
    unpriced_calls: row.unpricedCalls,
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
  };
}
