import type { FemtoUsd } from '../../../pricing/money.ts';

/** Femto-USD in a nano-USD. */
const FEMTO = 1_000_000n;

/** An amount as two integers: nano-USD (rounded down) and the femto-USD above it, 0 to 999,999. */
export function splitAmount(amount: FemtoUsd): readonly [nano: bigint, rem: bigint] {
  const rem = ((amount % FEMTO) + FEMTO) % FEMTO;
  return [(amount - rem) / FEMTO, rem];
}

export function joinAmount(nano: bigint, rem: bigint): FemtoUsd {
  return nano * FEMTO + rem;
}

/**
 * Columns that sum amounts without an overflow: SQLite's sum() of whole numbers fails beyond 64 bits, so high and low
 * halves are summed apart. `>>` keeps the sign, `&` is never negative: high x 2^32 + low is the number again.
 */
export const sumColumns = 'sum(cost_nano >> 32), sum(cost_nano & 4294967295), sum(cost_rem)';

/** Of an entry: 1, or -1 for a revision that takes back. */
export const sign = '(1 - 2 * (rev & 1))';

/** The same of entries, where revisions that take back are subtracted. */
export const entrySumColumns = `sum((${sign} * cost_nano) >> 32), sum((${sign} * cost_nano) & 4294967295), sum(${sign} * cost_rem)`;

export function joinSums(high: bigint, low: bigint, rem: bigint): FemtoUsd {
  return joinAmount((high << 32n) + low, rem);
}
