/**
 * Numbers as they were written. `JSON.parse` makes floats, and a float is not what the provider's page says; so numbers are
 * kept as their source text and all arithmetic on them is decimal.
 */

/** Parses JSON; every number becomes its source text. @example parseWithSourceNumbers('{"a": 3e-7}') // { a: '3e-7' } */
export function parseWithSourceNumbers(text: string): unknown {
  const keep = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' ? (context?.source ?? refuse()) : value;
  return JSON.parse(text, keep);
}

/**
 * A number's source text as a plain decimal times 10^shift, without trailing zeros. Throws a RangeError on anything else.
 *
 * @example decimal('3e-7', 6) // '0.3'
 */
export function decimal(source: string, shift = 0): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source);
  if (match === null) throw new RangeError(`"${source}" is not a number`);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent) + shift;
  const padded = digits.padStart(digits.length - Math.min(0, point), '0').padEnd(point, '0');
  const cut = Math.max(point, 0);
  const head = padded.slice(0, cut).replace(/^0+(?=\d)/, '') || '0';
  const tail = padded.slice(cut).replace(/0+$/, '');
  return `${sign}${head}${tail === '' ? '' : `.${tail}`}`;
}

/**
 * `source / divisor` to 15 decimals, half-even, and whether that is exact: pages that quote an hour can't always be said in
 * seconds.
 *
 * @example divide('0.36', 3600n) // { quotient: '0.0001', exact: true }
 */
export function divide(source: string, divisor: bigint): { quotient: string; exact: boolean } {
  const [whole = '', fraction = ''] = decimal(source).split('.');
  const { quotient, exact } = halfEven(BigInt(whole + fraction.padEnd(15, '0')), divisor);
  return { quotient: decimal(`${quotient}e-15`), exact };
}

/** Rounds half-even to `decimals` decimals. @example round('0.08333333333333334', 9) // '0.083333333' */
export function round(source: string, decimals: number): string {
  const [whole = '', fraction = ''] = decimal(source).split('.');
  if (fraction.length <= decimals) return decimal(source);
  const { quotient } = halfEven(BigInt(whole + fraction), 10n ** BigInt(fraction.length - decimals));
  return decimal(`${quotient}e-${decimals}`);
}

/** The exact product of two decimals. @example multiply('0.25', '1.1') // '0.275' */
export function multiply(a: string, b: string): string {
  const [wholeA = '', fractionA = ''] = decimal(a).split('.');
  const [wholeB = '', fractionB = ''] = decimal(b).split('.');
  const digits = BigInt(wholeA + fractionA) * BigInt(wholeB + fractionB);
  return decimal(`${digits}e-${fractionA.length + fractionB.length}`);
}

function halfEven(dividend: bigint, divisor: bigint): { quotient: bigint; exact: boolean } {
  const floor = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  const up = twice > divisor || (twice === divisor && floor % 2n === 1n);
  return { quotient: up ? floor + 1n : floor, exact: twice === 0n };
}

function refuse(): never {
  throw new Error('this Node does not say how a number was written; 22.18 or later is needed');
}
