import { formatUsd } from '../../pricing/money.ts';
import type { CostRow, LedgerReader } from '../ledger.ts';
import type { ValuesParams } from './params.ts';

/** The values that a dimension has had in a time, the dearest first. */
export async function valuesJson(ledger: Pick<LedgerReader, 'costs'>, query: ValuesParams) {
  const { name, match, limit } = query;
  const wanted = match.toLowerCase();
  const found = (await ledger.costs(query)).filter(({ values }) => values[name]?.toLowerCase().includes(wanted));
  const values = found.toSorted(dearestFirst).slice(0, limit);
  return {
    name,
    values: values.map((row) => ({
      value: row.values[name] ?? '',
      calls: row.calls,
      cost_usd: row.unpricedCalls === row.calls && row.cost === 0n ? null : formatUsd(row.cost),
    })),
    more: found.length > limit,
  };
}

function dearestFirst(a: CostRow, b: CostRow): number {
  if (a.cost !== b.cost) return a.cost > b.cost ? -1 : 1;
  return b.calls - a.calls;
}
