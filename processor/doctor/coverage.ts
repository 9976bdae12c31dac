import type { CostQuery, CostRow, DimensionName, LedgerReader } from '../ledger.ts';
import type { Finding } from '../stores/finding.ts';

/** The tags without which a cost belongs to nobody and nothing. */
const required: readonly DimensionName[] = ['customer_id', 'feature'];
const WEEK_US = 7 * 86_400_000_000;
/** Some calls are rightly nobody's: warned is when it is more than that. */
const ENOUGH = 0.9;

/**
 * How many of the calls of the last seven days have the tags that costs are told apart by, and which service has the fewest.
 *
 * @example for await (const finding of inspectCoverage(readSqliteLedger({ path }), Date.now() * 1000)) console.log(finding);
 */
export async function* inspectCoverage(ledger: Pick<LedgerReader, 'costs'>, now: number): AsyncGenerator<Finding> {
  const query: CostQuery = { by: ['service'], where: [], from: now - WEEK_US, to: now, timezone: 'UTC' };
  const all = await ledger.costs(query);
  const calls = sum(all);
  if (calls === 0) {
    yield { check: 'tags', state: 'ok', detail: 'no calls in the last seven days' };
    return;
  }
  for (const name of required) {
    const missing = await ledger.costs({ ...query, where: [{ name, op: '=', value: '' }] });
    const share = 1 - sum(missing) / calls;
    const detail = `${percent(share)} of the ${calls.toLocaleString('en-US')} calls of seven days have a ${name}`;
    const worst = missing
      .map((row) => ({ service: row.values.service ?? '', share: 1 - row.calls / callsOf(all, row) }))
      .toSorted((a, b) => a.share - b.share)[0];
    const least =
      worst === undefined || all.length < 2 ? '' : `, ${percent(worst.share)} of service "${worst.service}"`;
    yield share >= ENOUGH
      ? { check: 'tags', state: 'ok', detail: detail + least }
      : { check: 'tags', state: 'warning', detail: `${detail}${least}: set it with withTags or tagRequests` };
  }
}

function sum(rows: readonly CostRow[]): number {
  return rows.reduce((total, { calls }) => total + calls, 0);
}

function callsOf(all: readonly CostRow[], { values }: CostRow): number {
  return all.find((row) => row.values.service === values.service)?.calls ?? Infinity;
}

/** Down, so that 100 % is all. */
function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
