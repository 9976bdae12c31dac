import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import { segments, type Segment } from '../../buckets.ts';
import { dimensionNames, type CostQuery, type CostRow, type DimensionName } from '../../ledger.ts';
import { addSums, emptySums, HOUR, type Sums } from '../../rollup.ts';
import { entrySumColumns, joinSums, sign, sumColumns } from './amount.ts';
import { condition } from './matchers.ts';

/** Token totals of an entry; those of units without a column stand in `more`. */
const entryTokens = {
  input: "input + cache_read + cache_write_5m + cache_write_1h + cache_write + coalesce(more ->> 'input_tokens', 0)",
  cache_read: "cache_read + coalesce(more ->> 'cache_read_tokens', 0)",
  cache_write: 'cache_write_5m + cache_write_1h + cache_write',
  output: "output + reasoning + coalesce(more ->> 'output_tokens', 0)",
  reasoning: 'reasoning',
};

const sources = {
  rollup: {
    table: 'rollup',
    time: 'hour',
    calls: 'calls',
    sums: 'sum(input), sum(cache_read), sum(cache_write), sum(output), sum(reasoning)',
    amount: sumColumns,
  },
  entries: {
    table: 'entry',
    time: 'start_us',
    calls: sign,
    sums: Object.values(entryTokens)
      .map((sql) => `sum(${sign} * (${sql}))`)
      .join(', '),
    amount: entrySumColumns,
  },
} as const;

interface Group extends Sums {
  readonly values: Partial<Record<DimensionName, string>>;
  readonly bucketUs: Micros | undefined;
  unpricedCalls: number;
}

/** Sums by any dimensions: first by number of the dimensions, which SQLite does fast, then by the names asked for. */
export function readCosts(db: DatabaseSync, query: CostQuery): CostRow[] {
  const by = dimensionNames.filter((name) => query.by.includes(name));
  const where = condition('dimension', query.where);
  const prepared = new Map<Segment['from'], StatementSync>();
  const groups = new Map<string, Group>();
  for (const segment of segments(query)) {
    let statement = prepared.get(segment.from);
    if (statement === undefined) {
      statement = db.prepare(costsSql(segment.from, by, where.sql));
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      prepared.set(segment.from, statement);
    }
    const unit = segment.from === 'rollup' ? HOUR : 1;
    const rows = statement.iterate(segment.startUs / unit, segment.endUs / unit, ...where.values);
    for (const row of rows as unknown as Iterable<readonly (string | bigint)[]>) addRow(groups, by, segment, row);
  }
  // All of their calls were taken back.
  return [...groups.values()].filter(({ calls }) => calls > 0);
}

function costsSql(from: Segment['from'], by: readonly DimensionName[], where: string): string {
  const source = sources[from];
  const columns = [...by.map((name) => `d.${name}`), "d.status = 'unpriced'"];
  return `WITH s (dimension, calls, input, cache_read, cache_write, output, reasoning, high, low, rem) AS (
      SELECT dimension, sum(${source.calls}), ${source.sums}, ${source.amount}
      FROM ${source.table} WHERE ${source.time} >= ? AND ${source.time} < ?${where} GROUP BY dimension
    )
    SELECT ${columns.join(', ')}, sum(calls), sum(input), sum(cache_read), sum(cache_write), sum(output),
      sum(reasoning), sum(high), sum(low), sum(rem)
    FROM s JOIN dimension d ON d.id = s.dimension
    GROUP BY ${columns.map((_, index) => index + 1).join(', ')}`;
}

function addRow(
  groups: Map<string, Group>,
  by: readonly DimensionName[],
  segment: Segment,
  row: readonly (string | bigint)[],
): void {
  const values = row.slice(0, by.length) as string[];
  const [unpriced, calls, input, cacheRead, cacheWrite, output, reasoning, high, low, rem] = row.slice(
    by.length,
  ) as bigint[];
  const key = `${segment.bucketUs ?? ''}${values.map((value) => `:${value.length}:${value}`).join('')}`;
  let group = groups.get(key);
  if (group === undefined) {
    const named = Object.fromEntries(by.map((name, index) => [name, values[index]]));
    group = { values: named, bucketUs: segment.bucketUs, unpricedCalls: 0, ...emptySums() };
    groups.set(key, group);
  }
  if (unpriced === 1n) group.unpricedCalls += Number(calls);
  addSums(group, {
    calls: Number(calls),
    cost: joinSums(high ?? 0n, low ?? 0n, rem ?? 0n),
    inputTokens: Number(input),
    cacheReadTokens: Number(cacheRead),
    cacheWriteTokens: Number(cacheWrite),
    outputTokens: Number(output),
    reasoningTokens: Number(reasoning),
  });
}
