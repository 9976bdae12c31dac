/**
 * Exact money. An amount is a whole number of femto-USD (1e-15 USD) in a bigint; no float ever adds money.
 *
 * Why femto: published rates have up to six decimals per million tokens, which makes one token a whole number of
 * pico-USD; discounts (x 0.5, x 0.9, x 1.1) then need up to three digits more.
 *
 * In JSON an amount is a decimal string in USD without trailing zeros; in SQL it is NUMERIC(38,15).
 */
export type FemtoUsd = bigint;

/** 1 USD. */
export const USD: FemtoUsd = 1_000_000_000_000_000n;
const DIGITS = 15;
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Reads a decimal string in USD. Throws a RangeError on anything that is not a finite plain decimal or that needs more
 * than 15 decimals: a rate that can't be represented exactly is refused, never rounded.
 *
 * @example parseUsd('0.0000025') // 2_500_000_000n
 */
export function parseUsd(text: string): FemtoUsd {
  const match = DECIMAL.exec(text);
  if (match === null) throw new RangeError(`"${text}" is not a decimal amount such as "12.5"`);
  const [, sign, whole = '', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > DIGITS) throw new RangeError(`"${text}" has more than ${DIGITS} decimals`);
  const femto = BigInt(whole) * USD + BigInt(digits.padEnd(DIGITS, '0'));
  return sign === '-' ? -femto : femto;
}

/**
 * The exact decimal string in USD, without trailing zeros.
 *
 * @example formatUsd(6_525_000_000_000n) // '0.006525'
 */
export function formatUsd(amount: FemtoUsd): string {
  const negative = amount < 0n;
  const text = (negative ? -amount : amount).toString().padStart(DIGITS + 1, '0');
  const fraction = text.slice(-DIGITS).replace(/0+$/, '');
  const whole = text.slice(0, -DIGITS);
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * Rounds half-even to `decimals` (0-15) decimals of a USD. Only at the end: an invoice line, a figure for people.
 *
 * @example formatUsd(roundUsd(parseUsd('0.125'), 2)) // '0.12'
 */
export function roundUsd(amount: FemtoUsd, decimals: number): FemtoUsd {
  const step = 10n ** BigInt(DIGITS - decimals);
  const floor = amount / step - (amount % step < 0n ? 1n : 0n);
  const rest = amount - floor * step;
  const twice = rest * 2n;
  const up = twice > step || (twice === step && floor % 2n !== 0n);
  return (up ? floor + 1n : floor) * step;
}

/**
 * The amount for people: two decimals from a dollar up, otherwise as many as keep four significant digits; exact trailing
 * zeros are cut down to cents.
 *
 * @example displayUsd(6_525_000_000_000n) // '$0.006525'
 */
export function displayUsd(amount: FemtoUsd): string {
  const magnitude = amount < 0n ? -amount : amount;
  let decimals = 2;
  if (magnitude < USD) for (let unit = USD / 10n; decimals < DIGITS && magnitude < unit; unit /= 10n) decimals++;
  if (magnitude < USD) decimals = Math.min(DIGITS, decimals + 2);
  const rounded = formatUsd(roundUsd(amount, decimals));
  const [whole = '0', fraction = ''] = rounded.replace('-', '').split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${amount < 0n ? '-' : ''}$${grouped}.${fraction.padEnd(2, '0')}`;
}

/** For attributes and panels only: the nearest double. The ledger keeps the exact figure. */
export function toNumberUsd(amount: FemtoUsd): number {
  return Number(formatUsd(amount));
}
