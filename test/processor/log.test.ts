import { expect, it } from 'vitest';
import { atMostEvery } from '../../processor/log.ts';

it('lets one through in a while, and tells how many were left out', () => {
  let now = 0;
  const seen: number[] = [];
  const complain = atMostEvery(60_000, () => now);
  for (now = 0; now <= 150_000; now += 10_000) complain((left) => seen.push(left));
  expect(seen).toEqual([0, 5, 5]);
});
