import { formatUsd } from '../../pricing/money.ts';
import { SpanledgerError } from '../errors.ts';
import { dimensionNames, type CostRow, type DimensionName, type LedgerReader } from '../ledger.ts';
import { addSums, emptySums, type Sums } from '../rollup.ts';
import { csvOf } from './csv.ts';
import type { CostsParams } from './params.ts';
import { isoTime } from './time.ts';

const MAX_ROWS = { json: 10_000, csv: 100_000 } as const;

export interface SumsJson {
  readonly calls: number;
  /** Exact; null where no call has a price. */
  readonly cost_usd: string | null;
  readonly unpriced_calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

export type CostRowJson = SumsJson & { readonly bucket?: string; readonly other?: true } & Partial<
    Record<DimensionName, string>
  >;

export interface CostsJson {
  readonly from: string;
  readonly to: string;
  readonly currency: 'USD';
  readonly rows: readonly CostRowJson[];
  readonly total: SumsJson;
}

/** One row of the answer before it is written down. */
interface Row extends Sums {
  readonly values: Readonly<Partial<Record<DimensionName, string>>>;
  readonly bucketUs: number | undefined;
  readonly other: boolean;
  unpricedCalls: number;
}

/**
 * What calls cost, by any dimensions: rows by bucket, the dearest first; beyond `top` groups one row `other`; the total.
 *
 * @throws SpanledgerError `invalid_query` where the answer would have more than 10,000 rows (CSV 100,000)
 */
export async function costsAnswer(ledger: Pick<LedgerReader, 'costs'>, query: CostsParams): Promise<CostsJson> {
  const found = await ledger.costs(query);
  const rows = query.top === undefined ? found.map((row) => ({ ...row, other: false })) : foldTop(found, query.top);
  const limit = MAX_ROWS[query.format];
  if (rows.length > limit)
    throw new SpanledgerError(
      'invalid_query',
      `the answer has more than ${limit} rows: narrow it with "where", or take "top" for the dearest and one row of all others`,
    );
  const total: Row = newRow({}, undefined, false);
  for (const row of found) addRow(total, row);
  const by = dimensionNames.filter((name) => query.by.includes(name));
  return {
    from: isoTime(query.from),
    to: isoTime(query.to),
    currency: 'USD',
    rows: rows.toSorted(byBucketAndCost).map((row) => rowJson(row, by)),
    total: sumsJson(total),
  };
}

/** @example 'feature,calls,cost_usd,unpriced_calls,input_tokens,output_tokens\r\nchatbot,1000,7.2,0,1200000,240000\r\n' */
export function costsCsv({ rows }: CostsJson, { by, bucket }: Pick<CostsParams, 'by' | 'bucket'>): string {
  const columns = [
    ...(bucket === undefined ? [] : ['bucket']),
    ...dimensionNames.filter((name) => by.includes(name)),
    'calls',
    'cost_usd',
    'unpriced_calls',
    'input_tokens',
    'output_tokens',
  ];
  return csvOf(columns, rows);
}

/** The dearest groups over the whole range keep their rows; the rest of each bucket is one row. */
function foldTop(rows: readonly CostRow[], top: number): Row[] {
  const keyOf = (row: CostRow): string => JSON.stringify(row.values);
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
      own.push({ ...row, other: false });
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

function addRow(into: Row, row: CostRow): void {
  addSums(into, row);
  into.unpricedCalls += row.unpricedCalls;
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
    ...sumsJson(row),
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
