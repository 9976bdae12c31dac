import { expect, test } from 'vitest';
import { axisMoney, barsOf } from '../../../processor/web/days.js';
import { rangeOf } from '../../../processor/web/filters.js';

const now = new Date(2026, 10, 25, 19, 4);
const sums = { calls: 3, cost_usd: '0.012', unpriced_calls: 0, input_tokens: 1, output_tokens: 1 };
const costs = (...rows: object[]) => rows.map((row) => Object.assign({}, sums, row));

test('there is a bar for every day, also where nothing was called', () => {
  const bars = barsOf(costs({ bucket: new Date(2026, 10, 24).toISOString() }), rangeOf('7d', now));
  expect(bars.map(({ cost }) => cost)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    '0.012',
    undefined,
  ]);
  expect(bars.map(({ label }) => label).slice(-2)).toEqual(['24 Nov', '25 Nov']);
  expect(bars[5]?.end).toEqual(new Date(2026, 10, 25));
});

test('a day may be named by its date in the zone that was asked for', () => {
  expect(barsOf(costs({ bucket: '2026-11-25' }), rangeOf('7d', now)).at(-1)?.calls).toBe(3);
});

test('the running day says so', () => {
  expect(barsOf(costs(), rangeOf('7d', now)).at(-1)?.title).toBe('Wed, 25 Nov 2026, so far');
});

test('a day of unpriced calls has no figure, which is not $0', () => {
  const unpriced = { bucket: new Date(2026, 10, 25, 19).toISOString(), cost_usd: null, unpriced_calls: 3 };
  expect(barsOf(costs(unpriced), rangeOf('24h', now)).at(-1)).toMatchObject({ cost: null, unpriced: 3 });
});

test.each([
  [0, 0.0025, '$0'],
  [0.0025, 0.0025, '$0.0025'],
  [0.005, 0.0025, '$0.0050'],
  [0.1, 0.1, '$0.10'],
  [1.5, 0.5, '$1.50'],
  [2, 1, '$2'],
  [2.5, 2.5, '$2.50'],
  [10_000, 5000, '$10,000'],
])('the line at %d, with one every %d, is labelled %s', (value, step, label) => {
  expect(axisMoney(value, step)).toBe(label);
});
