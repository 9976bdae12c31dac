import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayUsd, formatUsd, parseUsd, USD } from '../../../pricing/money.ts';
import { addUp, exact, money, moneyIn, shareOf } from '../../../processor/web/money.js';

const amounts = fc.oneof(
  fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }),
  fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }),
);

test('the page shows an amount as the processor does', () => {
  fc.assert(
    fc.property(amounts, (amount) => {
      expect(money(formatUsd(amount))).toBe(displayUsd(amount).replace('-', '−'));
    }),
  );
});

test('a sum is exact, and every digit of it can be shown', () => {
  fc.assert(
    fc.property(fc.array(amounts), (list) => {
      const sum = addUp(list.map(formatUsd));
      expect(sum).toBe(formatUsd(list.reduce((a, b) => a + b, 0n)));
      expect(parseUsd(exact(sum).replace('−', '-').replace(/[$,]/g, ''))).toBe(parseUsd(sum));
    }),
  );
});

test.each([
  ['0', '$0.00'],
  ['32.13', '$32.13'],
  ['0.006525', '$0.006525'],
  ['1234567.895', '$1,234,567.90'],
  ['1234567.885', '$1,234,567.88'],
  ['0.0000000012345', '$0.000000001234'],
  ['-1.5', '−$1.50'],
])('%s is shown as %s', (text, shown) => expect(money(text)).toBe(shown));

test('a million charges of $0.004 are $4,000.00', () => {
  expect(exact(addUp(Array.from({ length: 1_000_000 }, () => '0.004')))).toBe('$4,000.00');
});

test.each([
  ['0.8123', '14', '$0.81'],
  ['0.006525', '14', '$0.006525'],
  ['0.8123', '0.9', '$0.8123'],
  ['-0.5049', '-14', '−$0.50'],
])('%s in a column up to %s is shown as %s', (text, dearest, shown) => expect(moneyIn(text, dearest)).toBe(shown));

test.each(['', '1e3', 'NaN', '1.', '.5', '$1', '0.0000000000000001'])('"%s" is refused rather than misread', (text) => {
  expect(() => money(text)).toThrow(RangeError);
});

test('shares are of the whole, and of nothing there are none', () => {
  expect(shareOf('14', '32')).toBeCloseTo(0.4375, 6);
  expect(shareOf('5', '0')).toBe(0);
  expect(shareOf(formatUsd(10n ** 15n * USD), formatUsd(10n ** 15n * USD))).toBe(1);
});
