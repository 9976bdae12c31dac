import { expect, it } from 'vitest';
import { readDuration } from '../../../processor/budgets/duration.ts';

it.each([
  ['30s', 30],
  ['10m', 600],
  ['1h30m', 5400],
  ['6h', 21_600],
  ['1d', 86_400],
  ['2w', 1_209_600],
  ['0s', 0],
])('%s is %d s', (text, seconds) => {
  expect(readDuration(text)).toBe(seconds * 1_000_000);
});

it.each(['', '6', 'h', '30m1h', '6 h', '-6h', '1.5h', '2y', '6hours'])('"%s" is refused', (text) => {
  expect(() => readDuration(text)).toThrow('is not a duration such as 30s, 10m or 1h30m');
});
