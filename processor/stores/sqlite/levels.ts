import type { DimensionName } from '../../ledger.ts';

/**
 * Sums of fewer dimensions, for the questions that are asked most: by feature and plan, by customer, and by everything but whose
 * it is. A `facet` is a set of dimensions with only the kept ones; `facet_of` tells which one a set of dimensions is a part of.
 * The smallest level that answers comes first.
 */
export const levels = [
  { level: 3, column: 'facet_feature', kept: ['feature', 'plan', 'environment', 'status'] },
  { level: 1, column: 'facet_customer', kept: ['customer_id', 'plan', 'environment', 'service', 'status'] },
  {
    level: 2,
    column: 'facet_model',
    kept: ['feature', 'plan', 'team', 'environment', 'service', 'provider', 'model', 'tier', 'status'],
  },
] as const satisfies readonly { level: number; column: string; kept: readonly DimensionName[] }[];

/** Of this level every hour is summed up, and of large ones every quarter. */
export const SMALLEST = levels[0];

export type Level = (typeof levels)[number];

/** The level that answers a question by these dimensions; undefined where none does. */
export function levelFor(names: readonly string[]): Level | undefined {
  return levels.find(({ kept }) => names.every((name) => (kept as readonly string[]).includes(name)));
}
