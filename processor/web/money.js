/**
 * Money for people. Amounts come as exact decimal strings and are never added as floats: they become whole femto-USD
 * (1e-15 USD) in a BigInt, as in the ledger. Shares and bar lengths may be approximate; figures may not.
 */

const DIGITS = 15;
const USD = 10n ** BigInt(DIGITS);

/**
 * @param {string} text such as `0.006525`
 * @returns {bigint} femto-USD
 */
export function femto(text) {
  const match = /^(-?)(\d+)(?:\.(\d{1,15}))?$/.exec(text);
  if (match === null) throw new RangeError(`"${text}" is no amount`);
  const [, sign, whole = '0', fraction = ''] = match;
  const value = BigInt(whole) * USD + BigInt(fraction.padEnd(DIGITS, '0'));
  return sign === '-' ? -value : value;
}

/**
 * Two decimals from a dollar up, else as many as keep four significant digits: `$32.13`, `$0.006525`.
 * @param {string} text
 */
export function money(text) {
  const amount = femto(text);
  return dollars(amount, ownDecimals(amount));
}

/**
 * One of a column: cents where the dearest is a dollar or more, so that figures can be compared at a glance; but an amount
 * of which cents would show nothing keeps its own digits.
 * @param {string} text
 * @param {string} dearest
 */
export function moneyIn(text, dearest) {
  const amount = femto(text);
  const cents = abs(femto(dearest)) >= USD && abs(amount) * 10n >= USD;
  return dollars(amount, cents ? 2 : ownDecimals(amount));
}

/**
 * Every digit: `$0.0000025`, `$14.00`.
 * @param {string} text
 */
export function exact(text) {
  return dollars(femto(text), DIGITS);
}

/**
 * @param {readonly string[]} texts
 * @returns {string} the exact sum, written as the API writes amounts
 */
export function addUp(texts) {
  return usd(texts.reduce((sum, text) => sum + femto(text), 0n));
}

/**
 * @param {bigint} amount femto-USD
 * @returns {string} as the API writes amounts
 */
export function usd(amount) {
  const text = abs(amount)
    .toString()
    .padStart(DIGITS + 1, '0');
  const fraction = text.slice(-DIGITS).replace(/0+$/, '');
  return `${amount < 0n ? '-' : ''}${text.slice(0, -DIGITS)}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * @param {string} part
 * @param {string} whole
 * @returns {number} 0 to 1, good to six digits; 0 where the whole is nothing
 */
export function shareOf(part, whole) {
  const all = femto(whole);
  return all === 0n ? 0 : Number((femto(part) * 1_000_000n) / all) / 1_000_000;
}

/** @param {bigint} amount */
function abs(amount) {
  return amount < 0n ? -amount : amount;
}

/** @param {bigint} amount */
function ownDecimals(amount) {
  if (abs(amount) >= USD || amount === 0n) return 2;
  const digits = abs(amount).toString().length;
  return Math.min(DIGITS, DIGITS - digits + 4);
}

/**
 * Rounds half-even; zeros at the end are cut down to cents.
 * @param {bigint} amount
 * @param {number} decimals
 */
function dollars(amount, decimals) {
  const step = 10n ** BigInt(DIGITS - decimals);
  const magnitude = abs(amount);
  const rest = magnitude % step;
  const floor = magnitude - rest;
  const up = rest * 2n > step || (rest * 2n === step && (floor / step) % 2n === 1n);
  const text = (up ? floor + step : floor).toString().padStart(DIGITS + 1, '0');
  const whole = text.slice(0, -DIGITS).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = text.slice(-DIGITS).replace(/0+$/, '').padEnd(2, '0');
  return `${amount < 0n ? '−' : ''}$${whole}.${fraction}`;
}
