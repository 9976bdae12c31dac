import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import { dimensionNames, type CostQuery, type CostRow, type DimensionName } from '../../ledger.ts';
import { addSums, emptySums, type Sums } from '../../rollup.ts';
import type { Source } from '../pieces.ts';
import { entrySumColumns, joinSums, sign, sumColumns } from './amount.ts';
import { condition } from './matchers.ts';
import { piecesOf } from './pieces.ts';
import { levelFor } from './levels.ts';
import { entryTokens } from './tokens.ts';

const sources = {
  summary: {
    table: 'summary',
    names: 'facet',
    time: 'day',
    calls: 'calls',
    sums: 'sum(input), sum(cache_read), sum(cache_write), sum(output), sum(reasoning)',
    amount: sumColumns,
  },
  hours: {
    table: 'summary_hour',
    names: 'facet',
    time: 'hour',
    calls: 'calls',
    sums: 'sum(input), sum(cache_read), sum(cache_write), sum(output), sum(reasoning)',
    amount: sumColumns,
  },
  quarters: {
    table: 'summary_quarter',
    names: 'facet',
    time: 'quarter',
    calls: 'calls',
    sums: 'sum(input), sum(cache_read), sum(cache_write), sum(output), sum(reasoning)',
    amount: sumColumns,
  },
  rollup: {
    table: 'rollup',
    names: 'dimension',
    time: 'hour',
    calls: 'calls',
    sums: 'sum(input), sum(cache_read), sum(cache_write), sum(output), sum(reasoning)',
    amount: sumColumns,
  },
  entries: {
    table: 'entry',
    names: 'dimension',
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
  const level = levelFor([...by, ...query.where.map(({ name }) => name)]);
  const prepared = new Map<Source, StatementSync>();
  const groups = new Map<string, Group>();
  for (const piece of piecesOf(db, query, level)) {
    const { table, names } = sources[piece.source];
    const where = condition(`${table}.${names}`, query.where, names);
    let statement = prepared.get(piece.source);
    if (statement === undefined) {
      statement = db.prepare(costsSql(piece.source, level, by, where.sql));
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      prepared.set(piece.source, statement);
    }
    const rows = statement.iterate(piece.from, piece.to, ...where.values);
    for (const row of rows as unknown as Iterable<readonly (string | bigint)[]>)
      addRow(groups, by, piece.bucketUs, row);
  }
  // All of their calls were taken back.
  return [...groups.values()].filter(({ calls }) => calls > 0);
}

function costsSql(from: Source, level: number | undefined, by: readonly DimensionName[], where: string): string {
  const source = sources[from];
  const columns = [...by.map((name) => `d.${name}`), "d.status = 'unpriced'"];
  return `WITH s (dimension, calls, input, cache_read, cache_write, output, reasoning, high, low, rem) AS (
      SELECT ${source.names}, sum(${source.calls}), ${source.sums}, ${source.amount}
      FROM ${source.table} WHERE ${from === 'summary' || from === 'hours' ? `level = ${level} AND ` : ''}${source.time} >= ? AND ${source.time} < ?${where} GROUP BY 1
    )
    SELECT ${columns.join(', ')}, sum(calls), sum(input), sum(cache_read), sum(cache_write), sum(output),
      sum(reasoning), sum(high), sum(low), sum(rem)
    FROM s JOIN ${source.names} d ON d.id = s.dimension
    GROUP BY ${columns.map((_, index) => index + 1).join(', ')}`;
}

function addRow(
  groups: Map<string, Group>,
  by: readonly DimensionName[],
  bucketUs: Micros | undefined,
  row: readonly (string | bigint)[],
): void {
  const values = row.slice(0, by.length) as string[];
  const [unpriced, calls, input, cacheRead, cacheWrite, output, reasoning, high, low, rem] = row.slice(
    by.length,
  ) as bigint[];
  const key = `${bucketUs ?? ''}${values.map((value) => `:${value.length}:${value}`).join('')}`;
  let group = groups.get(key);
  if (group === undefined) {
    const named = Object.fromEntries(by.map((name, index) => [name, values[index]]));
    group = { values: named, bucketUs, unpricedCalls: 0, ...emptySums() };
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
