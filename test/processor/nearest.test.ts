import { expect, it } from 'vitest';
import { nearest } from '../../processor/nearest.ts';

it.each([
  ['treshold', 'thresholds'],
  ['timezon', 'timezone'],
  ['tiemzone', 'timezone'],
  ['Amount', 'amount'],
  ['b', undefined],
  ['owner', undefined],
  ['x'.repeat(10_000), undefined],
])('%s -> %s', (word, expected) => {
  expect(nearest(word, ['thresholds', 'timezone', 'amount', 'by'])).toBe(expected);
});
