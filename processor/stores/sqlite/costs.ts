import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import { dimensionNames, type CostQuery, type CostRow, type DimensionName } from '../../ledger.ts';
import { addSums, emptySums, HOUR, type Sums } from '../../rollup.ts';
import type { Piece } from '../pieces.ts';
import { entrySumColumns, joinSums, sign, sumColumns } from './amount.ts';
import { condition, conditionOf } from './matchers.ts';
import { piecesOf } from './pieces.ts';
import { levelFor, type Level } from './levels.ts';
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
  const prepared = new Map<string, StatementSync>();
  const groups = new Map<string, Group>();
  for (const piece of piecesOf(db, query, level?.level)) {
    const { table, names } = sources[piece.source];
    const where = isShort(piece) ? conditionOf('d', query.where) : condition(`${table}.${names}`, query.where, names);
    const key = `${piece.source} ${isShort(piece)}`;
    let statement = prepared.get(key);
    if (statement === undefined) {
      statement = db.prepare(costsSql(piece, level, by, where.sql));
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      prepared.set(key, statement);
    }
    // Both halves of it have the condition, where it is of names.
    const values = isShort(piece) && level !== undefined ? [...where.values, ...where.values] : where.values;
    const rows = statement.iterate(piece.from, piece.to, ...values);
    for (const row of rows as unknown as Iterable<readonly (string | bigint)[]>)
      addRow(groups, by, piece.bucketUs, row);
  }
  // All of their calls were taken back.
  return [...groups.values()].filter(({ calls }) => calls > 0);
}

/** Has so few sets of dimensions that each is looked up, where else all that match are found first. */
function isShort({ source, from, to }: Piece): boolean {
  return source === 'entries' ? to - from <= HOUR : source === 'rollup' && to - from <= 1;
}

/**
 * Sums by the number of the dimensions, or of the fewer ones that answer; then by names. Sets of dimensions that have no facet yet
 * go by their own names.
 */
function costsSql(piece: Piece, level: Level | undefined, by: readonly DimensionName[], where: string): string {
  const { table, names, time, calls, sums, amount } = sources[piece.source];
  const isOfLevel = piece.source === 'summary' || piece.source === 'hours';
  const [each, group] = isShort(piece) ? ['', where] : [where, ''];
  const range = `${isOfLevel ? `level = ${level?.level} AND ` : ''}${time} >= ? AND ${time} < ?${each}`;
  const facets = names === 'dimension' && level !== undefined;
  const [number, from] = facets
    ? [
        `coalesce(f.${level.column}, -${table}.dimension)`,
        `${table} LEFT JOIN facet_of f ON f.dimension = ${table}.dimension`,
      ]
    : [names, table];
  const columns = [...by.map((name) => `d.${name}`), "d.status = 'unpriced'"];
  const totals = ['calls', 'input', 'cache_read', 'cache_write', 'output', 'reasoning', 'high', 'low', 'rem'];
  const named = (d: string, on: string): string =>
    `SELECT ${columns.join(', ')}, ${totals.map((name) => `sum(${name})`).join(', ')}
    FROM s JOIN ${d} d ON d.id = ${on} WHERE true${group} GROUP BY ${columns.map((_, index) => index + 1).join(', ')}`;
  return `WITH s (number, ${totals.join(', ')}) AS (
      SELECT ${number}, sum(${calls}), ${sums}, ${amount} FROM ${from} WHERE ${range} GROUP BY 1
    )
    ${facets ? `${named('facet', 'number')} UNION ALL ${named('dimension', '-number')}` : named(names, 'number')}`;
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
