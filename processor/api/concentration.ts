import { formatUsd, type FemtoUsd } from '../../pricing/money.ts';
import type { CostRow, LedgerReader } from '../ledger.ts';
import type { ConcentrationParams } from './params.ts';
import { isoTime } from './time.ts';

/** Far above the average: as many times. */
const FAR = 10n;
/** Names that are listed. */
const SHOWN = 20;

/**
 * How few of a dimension's values make most of the cost: the share of the dearest twentieth, how many make 80 %, and which
 * cost ten times the average. Calls without the tag are no group; they stand beside.
 */
export async function concentrationJson(ledger: Pick<LedgerReader, 'costs'>, query: ConcentrationParams) {
  const { name } = query;
  const rows = (await ledger.costs({ ...query, by: [name] })).filter(({ cost, calls }) => calls > 0 || cost !== 0n);
  const nobody = rows.find(({ values }) => values[name] === '');
  const groups = rows
    .filter(({ values }) => values[name] !== '')
    .toSorted((a, b) => (a.cost === b.cost ? b.calls - a.calls : a.cost > b.cost ? -1 : 1));
  const total = groups.reduce((sum, { cost }) => sum + cost, 0n);
  const few = Math.max(1, Math.ceil(groups.length / 20));
  const fewCost = groups.slice(0, few).reduce((sum, { cost }) => sum + cost, 0n);
  const far = groups.filter(({ cost }) => total > 0n && cost * BigInt(groups.length) >= FAR * total);
  return {
    from: isoTime(query.from),
    to: isoTime(query.to),
    name,
    values: groups.length,
    cost_usd: formatUsd(total),
    average_usd: groups.length === 0 ? null : formatUsd(total / BigInt(groups.length)),
    top_twentieth: { values: Math.min(few, groups.length), cost_usd: formatUsd(fewCost), share: share(fewCost, total) },
    for_80_percent: total === 0n ? null : countFor(groups, total),
    ten_times_average: far.slice(0, SHOWN).map((row) => ({
      value: row.values[name] ?? '',
      cost_usd: formatUsd(row.cost),
      times: Number((row.cost * BigInt(groups.length) * 10n) / total) / 10,
    })),
    without: { calls: nobody?.calls ?? 0, cost_usd: formatUsd(nobody?.cost ?? 0n) },
  };
}

function countFor(groups: readonly CostRow[], total: FemtoUsd): number {
  let sum = 0n;
  return 1 + groups.findIndex(({ cost }) => (sum += cost) * 5n >= total * 4n);
}

/** 0 to 1, cut to six decimals; null where there is nothing to share. */
function share(part: FemtoUsd, whole: FemtoUsd): number | null {
  return whole === 0n ? null : Number((part * 1_000_000n) / whole) / 1_000_000;
}
