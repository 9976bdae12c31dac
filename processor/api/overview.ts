import type { Micros } from '../../pricing/charge.ts';
import type { CostRow, LedgerReader } from '../ledger.ts';
import { costsAnswer, rowsBy, totalOf } from './costs.ts';
import type { OverviewParams } from './params.ts';
import { isoTime } from './time.ts';

const WEEK: Micros = 7 * 86_400_000_000;

/** What the first screen shows, of as few readings as can be: each table of it by itself would read the same days again. */
export async function overviewJson(ledger: Pick<LedgerReader, 'costs'>, { bucket, top, ...query }: OverviewParams) {
  const [uses, holders, buckets, growth] = await Promise.all([
    ledger.costs({ ...query, by: ['feature', 'provider', 'model'] }),
    ledger.costs({ ...query, by: ['plan', 'customer_id'] }),
    ledger.costs({ ...query, by: [], bucket }),
    costsAnswer(ledger, {
      ...query,
      from: query.to - WEEK,
      by: ['feature'],
      bucket: undefined,
      top: undefined,
      compare: true,
      format: 'json',
    }),
  ]);
  const holding = new Map<string, number>();
  for (const { values } of holders)
    if (values.customer_id !== '') holding.set(values.plan ?? '', (holding.get(values.plan ?? '') ?? 0) + 1);
  return {
    from: isoTime(query.from),
    to: isoTime(query.to),
    total: totalOf(uses),
    untagged: {
      customer_id: callsOf(holders.filter(({ values }) => values.customer_id === '')),
      feature: callsOf(uses.filter(({ values }) => values.feature === '')),
    },
    features: rowsBy(uses, ['feature'], top),
    models: rowsBy(uses, ['provider', 'model'], top),
    customers: rowsBy(holders, ['customer_id'], top),
    plans: rowsBy(holders, ['plan']).map((row) => Object.assign(row, { customers: holding.get(row.plan ?? '') ?? 0 })),
    buckets: rowsBy(buckets, []),
    growth: {
      from: growth.from,
      to: growth.to,
      previous: growth.previous,
      rows: growth.rows.slice(0, 100),
      total: growth.total,
    },
  };
}

function callsOf(rows: readonly CostRow[]): number {
  return rows.reduce((sum, { calls }) => sum + calls, 0);
}
