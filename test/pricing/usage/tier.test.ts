import { expect, it } from 'vitest';
import { servedTier } from '../../../pricing/usage/tier.ts';

it.each([
  ['default', 'standard'],
  ['STANDARD', 'standard'],
  ['ON_DEMAND', 'standard'],
  ['fast', 'priority'],
  ['ON_DEMAND_FLEX', 'flex'],
  ['scale', 'provisioned'],
  ['PROVISIONED_THROUGHPUT', 'provisioned'],
  ['auto', undefined],
  ['', undefined],
  [undefined, undefined],
  ['warp', 'unlisted'],
])('%s is served as %s', (word, tier) => {
  expect(servedTier(word)).toBe(tier);
});
