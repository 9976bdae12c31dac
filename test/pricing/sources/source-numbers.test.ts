import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd, parseUsd } from '../../../pricing/money.ts';
import { decimal, divide, multiply, parseWithSourceNumbers, round } from '../../../pricing/sources/source-numbers.ts';

describe('numbers as they were written', () => {
  it('are kept as text', () => {
    expect(parseWithSourceNumbers('{"a": [3e-7, 1.250], "b": 0.1, "c": "x"}')).toEqual({
      a: ['3e-7', '1.250'],
      b: '0.1',
      c: 'x',
    });
  });

  it.each([
    ['3e-7', 6, '0.3'],
    ['2.5e-06', 6, '2.5'],
    ['1.250', 0, '1.25'],
    ['10', -3, '0.01'],
    ['0', 6, '0'],
    ['1e3', 0, '1000'],
    ['0.00', 0, '0'],
    ['12', -5, '0.00012'],
  ])('%s times 10^%i is %s', (source, shift, expected) => {
    expect(decimal(source, shift)).toBe(expected);
  });

  it.each(['', 'x', '1..2', 'NaN', 'Infinity', '0x1'])('refuses "%s"', (source) => {
    expect(() => decimal(source)).toThrow(RangeError);
  });

  it('divide and say whether that is exact', () => {
    expect(divide('0.36', 3600n)).toEqual({ quotient: '0.0001', exact: true });
    expect(divide('0.111', 3600n)).toEqual({ quotient: '0.000030833333333', exact: false });
  });

  it('round half-even', () => {
    expect(round('0.08333333333333334', 9)).toBe('0.083333333');
    expect(round('0.25', 1)).toBe('0.2');
    expect(round('0.35', 1)).toBe('0.4');
  });

  it('multiply as money does', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 12n), fc.integer({ min: 1, max: 9 }), (femto, factor) => {
        expect(multiply(formatUsd(femto), String(factor))).toBe(formatUsd(femto * BigInt(factor)));
        expect(parseUsd(decimal(formatUsd(femto)))).toBe(femto);
      }),
    );
  });
});
