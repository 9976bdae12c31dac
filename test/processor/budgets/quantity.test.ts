import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUsd } from '../../../pricing/money.ts';
import {
  amountText,
  levelText,
  limitOf,
  readAmount,
  readLevel,
  shareText,
} from '../../../processor/budgets/quantity.ts';

describe('levels', () => {
  it.each([
    ['70%', '5 USD', '70%', '3.5'],
    ['0.7', '5 USD', '70%', '3.5'],
    ['0.70', '5 USD', '70%', '3.5'],
    ['110 %', '0.10 USD', '110%', '0.11'],
    ['112.5%', '8 USD', '112.5%', '9'],
    ['35 USD', '500 USD', '35 USD', '35'],
    ['35.00 USD', '500 USD', '35 USD', '35'],
    // Rounded up: two thirds of 1 femto-USD are reached by 1.
    ['66.6667%', '0.000000000000001 USD', '66.6667%', '0.000000000000001'],
    // An amount of 0: crossed by the first spend, not by none.
    ['70%', '0 USD', '70%', '0.000000000000001'],
  ])('%s of %s is %s, crossed by %s', (at, amount, text, limit) => {
    const level = readLevel(at);
    expect(levelText(level)).toBe(text);
    expect(limitOf(level, readAmount(amount))).toBe(parseUsd(limit));
  });

  it('are exact: the limit is the least amount at or above the share', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 24n), fc.integer({ min: 1, max: 999_999 }), (value, tenThousandths) => {
        const percent = `${Math.floor(tenThousandths / 100)}.${String(tenThousandths % 100).padStart(2, '0')}%`;
        const limit = limitOf(readLevel(percent), { unit: 'USD', value });
        expect(limit * 10_000n >= value * BigInt(tenThousandths)).toBe(true);
        expect((limit - 1n) * 10_000n < value * BigInt(tenThousandths)).toBe(true);
      }),
    );
  });
});

it.each([
  [72n, 100n, 4, '0.72'],
  [1n, 3n, 4, '0.3333'],
  [2n, 3n, 4, '0.6666'],
  [999_999n, 1_000_000n, 2, '0.99'],
  [-1n, 4n, 2, '-0.25'],
  [-1n, 1000n, 2, '0'],
  [11n, 10n, 0, '1'],
])('shareText(%s, %s, %s) is %s', (numerator, denominator, decimals, text) => {
  expect(shareText(numerator, denominator, decimals)).toBe(text);
});

it('amounts have one spelling', () => {
  expect(amountText(readAmount('40.50 USD'))).toBe('40.5 USD');
  expect(amountText(readAmount('40.5USD'))).toBe('40.5 USD');
});
