import { expect, test } from 'vitest';
import { unpricedReasons } from '../../../pricing/charge.ts';
import { counted, duration, moment, percent, short, since, why } from '../../../processor/web/words.js';

const spaced = (text: string): string => text.replaceAll('\u00a0', ' ');

test.each([
  [0, '0 %'],
  [0.00004, '<0.1 %'],
  [0.032, '3.2 %'],
  [0.05, '5 %'],
  [0.44, '44 %'],
  [0.994, '99 %'],
  [0.9996, '>99 %'],
  [1, '100 %'],
  [1.12, '112 %'],
])('a share of %d is shown as %s', (share, shown) => expect(spaced(percent(share))).toBe(shown));

test.each([
  [0, '0'],
  [9004, '9,004'],
  [12_345, '12.3k'],
  [21_300_000, '21.3M'],
  [121_300_000, '121M'],
  [4_000_000_000, '4B'],
])('%d is shortened to %s', (n, shown) => expect(short(n)).toBe(shown));

test('one call, two calls', () => {
  expect(spaced(counted(1, 'call'))).toBe('1 call');
  expect(spaced(counted(2000, 'call'))).toBe('2,000 calls');
});

test('every reason for a missing price has its words, and one that is not known is shown as it came', () => {
  for (const reason of unpricedReasons) expect(why(reason)).not.toBe(reason.replaceAll('_', ' '));
  expect(why('lost_at_sea')).toBe('lost at sea');
});

test('the day is left out today, and the hour at midnight', () => {
  const now = new Date(2026, 10, 25, 19, 4, 5);
  expect(moment(new Date(2026, 10, 25, 7, 3, 9), now)).toBe('07:03:09');
  expect(moment(new Date(2026, 10, 24, 7, 3, 9), now)).toBe('24 Nov, 07:03');
  expect(since(new Date(2026, 10, 1))).toBe('1 Nov');
  expect(since(new Date(2026, 10, 1, 5))).toBe('1 Nov, 05:00');
});

test.each([
  [12, '12 ms'],
  [1834, '1.8 s'],
  [125_000, '2 min 5 s'],
])('%d ms are shown as %s', (ms, shown) => expect(spaced(duration(ms))).toBe(shown));
