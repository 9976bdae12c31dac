import type { ClientBase } from 'pg';
import { parseUsd } from '../../../pricing/money.ts';
import { dimensionNames, type CostQuery, type CostRow, type DimensionName } from '../../ledger.ts';
import { addSums, emptySums, type Sums } from '../../rollup.ts';
import { pieces, type Piece } from '../pieces.ts';
import { entryTokens, sign } from './entry-row.ts';
import { condition } from './matchers.ts';
import { readProgress } from './progress.ts';
import { decodeText } from './texts.ts';

const sources = {
  rollup: {
    table: 'rollup',
    time: 'hour',
    sums: 'sum(calls), sum(input), sum(cache_read), sum(cache_write), sum(output), sum(reasoning), sum(cost)',
  },
  entries: {
    table: 'entry',
    time: 'start_us',
    sums: [sign, ...Object.values(entryTokens).map((sql) => `${sign} * (${sql})`), `${sign} * cost`]
      .map((sql) => `sum(${sql})`)
      .join(', '),
  },
} as const;

interface Group extends Sums {
  readonly values: Partial<Record<DimensionName, string>>;
  readonly bucketUs: number | undefined;
  unpricedCalls: number;
}

/** Sums by any dimensions, in two statements at most: all stretches of time that rollups answer, and all that entries do. */
export async function readCosts(client: ClientBase, s: string, query: CostQuery): Promise<CostRow[]> {
  const by = dimensionNames.filter((name) => query.by.includes(name));
  const where = await condition(client, s, 'dimension', query.where, 4);
  const progress = await readProgress(client, s);
  const all = [...pieces(query, { ...progress, folded: Number.POSITIVE_INFINITY }, { sums: [], entries: [] })];
  const groups = new Map<string, Group>();
  for (const source of ['rollup', 'entries'] as const) {
    const own = all.filter((piece) => piece.source === source);
    if (own.length === 0) continue;
    const columns = [own.map(({ bucketUs }) => bucketUs ?? null), own.map(({ from }) => from), own.map(({ to }) => to)];
    const { rows } = await client.query<(string | boolean | null)[]>({
      text: costsSql(s, source, own, by, where.sql),
      values: [...columns, ...where.values],
      rowMode: 'array',
    });
    for (const row of rows) addRow(groups, by, row);
  }
  // All of their calls were taken back.
  return [...groups.values()].filter(({ calls }) => calls > 0);
}

function costsSql(s: string, from: 'rollup' | 'entries', own: readonly Piece[], by: readonly string[], where: string) {
  const { table, time, sums } = sources[from];
  const columns = ['s.bucket', ...by.map((name) => `d.${name}`), "d.status = 'unpriced'"];
  // Of one stretch the bounds stand in the statement, so that partitions are left out when it is planned.
  const [only] = own;
  const times =
    own.length === 1 && only !== undefined
      ? `${time} >= ${only.from} AND ${time} < ${only.to}`
      : `${time} >= p.low AND ${time} < p.high`;
  return `WITH s (bucket, dimension, calls, input, cache_read, cache_write, output, reasoning, cost) AS (
      SELECT p.bucket, dimension, ${sums}
      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS p (bucket, low, high) JOIN ${s}.${table} ON ${times}
      WHERE true${where} GROUP BY 1, 2
    )
    SELECT ${columns.join(', ')}, sum(calls), sum(input), sum(cache_read), sum(cache_write), sum(output), sum(reasoning),
      sum(cost)
    FROM s JOIN ${s}.dimension d ON d.id = s.dimension GROUP BY ${columns.map((_, index) => index + 1).join(', ')}`;
}

function addRow(
  groups: Map<string, Group>,
  by: readonly DimensionName[],
  row: readonly (string | boolean | null)[],
): void {
  const [bucket = null] = row;
  const names = row.slice(1, by.length + 1).map((value) => decodeText(String(value)));
  const [unpriced, calls, input, cacheRead, cacheWrite, output, reasoning, cost] = row.slice(by.length + 1);
  const key = JSON.stringify([bucket, ...names]);
  let group = groups.get(key);
  if (group === undefined) {
    const values = Object.fromEntries(by.map((name, index) => [name, names[index]]));
    group = { values, bucketUs: bucket === null ? undefined : Number(bucket), unpricedCalls: 0, ...emptySums() };
    groups.set(key, group);
  }
  if (unpriced === true) group.unpricedCalls += Number(calls);
  addSums(group, {
    calls: Number(calls),
    cost: parseUsd(String(cost)),
    inputTokens: Number(input),
    cacheReadTokens: Number(cacheRead),
    cacheWriteTokens: Number(cacheWrite),
    outputTokens: Number(output),
    reasoningTokens: Number(reasoning),
  });
}
