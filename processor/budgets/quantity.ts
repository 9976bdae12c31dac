import { formatUsd, parseUsd, type FemtoUsd } from '../../pricing/money.ts';
import { amountUnits, type AmountUnit } from './measure.ts';

/** How much may be spent: femto-USD, or whole tokens or requests. */
export interface Amount {
  readonly unit: AmountUnit;
  readonly value: bigint;
}

/** An exact share of something. */
export interface Share {
  readonly kind: 'share';
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Where a threshold stands: an exact share of the amount, or an amount of its own. */
export type Level = Share | { readonly kind: 'fixed'; readonly amount: Amount };

const QUANTITY = /^([-+]?[\d.,_]*\d[\d.,_]*(?:e[-+]?\d+)?)\s*([a-z$€£%]*)$/i;
const DECIMAL = /^\d+(\.\d+)?$/;

/**
 * Reads an amount such as `5 USD`, `5 requests` or `2e6 tokens`, exactly. Throws a RangeError that says how to write it.
 *
 * @example readAmount('0.10 USD') // { unit: 'USD', value: 100_000_000_000_000n }
 */
export function readAmount(text: string): Amount {
  const [, number = '', word = ''] = QUANTITY.exec(text) ?? [];
  if (/^[$€£]/.test(text)) throw new RangeError(`"${text}" has a sign for a unit; write it as in 5 USD`);
  if (number === '') throw new RangeError(`"${text}" is not an amount such as 5 USD`);
  if (word === '') throw new RangeError(`"${text}" has no unit; write ${text} USD, or tokens or requests`);
  const unit = amountUnits.find((name) => name === word || name === `${word}s`);
  if (unit === undefined)
    throw new RangeError(`"${text}": "${word}" is not a unit of an amount; there are ${amountUnits.join(', ')}`);
  if (number.startsWith('-')) throw new RangeError(`"${text}" is negative; an amount is 0 ${unit} or more`);
  return { unit, value: unit === 'USD' ? readUsd(text, number) : readCount(text, number) };
}

function readUsd(text: string, number: string): FemtoUsd {
  if (!DECIMAL.test(number))
    throw new RangeError(`"${text}" is not a plain decimal number; write it as in 1500.50 USD`);
  return parseUsd(number);
}

/** Whole, with or without an exponent: 2000000, 2e6, 1.5e6. */
function readCount(text: string, number: string): bigint {
  const [, whole = '', fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:e\+?(\d{1,2}))?$/i.exec(number) ?? [];
  if (whole === '' || Number(exponent) < fraction.length || Number(exponent) > 18)
    throw new RangeError(`"${text}" is not a whole number; write it as in 2000000 or 2e6`);
  return BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length);
}

/** @example amountText({ unit: 'USD', value: parseUsd('5.00') }) // '5 USD' */
export function amountText({ unit, value }: Amount): string {
  return `${valueText(unit, value)} ${unit}`;
}

/** The number alone, exactly: USD as a decimal. */
export function valueText(unit: AmountUnit, value: bigint): string {
  return unit === 'USD' ? formatUsd(value) : value.toString();
}

/**
 * Reads the level of a threshold: `70%`, `0.7` or `35 USD`. A number without % needs its decimal point, because 70 could
 * be meant as 70 % or as 70 times. Throws a RangeError that says how to write it.
 *
 * @example readLevel('112.5%') // { kind: 'share', numerator: 1125n, denominator: 1000n }
 */
export function readLevel(text: string): Level {
  const percent = /^(\d+)(?:\.(\d{1,6}))?\s*%$/.exec(text);
  const share = percent ?? /^(\d+)\.(\d{1,8})$/.exec(text);
  if (share === null) {
    if (/^[-+]?\d+$/.test(text))
      throw new RangeError(`"${text}" has no unit; write ${text}% or an amount such as 35 USD`);
    if (text.endsWith('%')) throw new RangeError(`"${text}" is not a percentage such as 70% (at most 6 decimals)`);
    return fixedLevel(text);
  }
  const [, whole = '', fraction = ''] = share;
  const numerator = BigInt(whole + fraction);
  const denominator = 10n ** BigInt(fraction.length) * (percent === null ? 1n : 100n);
  if (numerator === 0n) throw new RangeError(`"${text}" would be crossed before anything is spent; write more than 0%`);
  return { kind: 'share', numerator, denominator };
}

function fixedLevel(text: string): Level {
  const amount = readAmount(text);
  if (amount.value === 0n)
    throw new RangeError(`"${text}" would be crossed before anything is spent; write more than 0`);
  return { kind: 'fixed', amount };
}

/**
 * One spelling for equal levels, so that 0.70 in the place of 70% makes no new alert.
 *
 * @example levelText(readLevel('0.70')) // '70%'
 */
export function levelText(level: Level): string {
  if (level.kind === 'fixed') return amountText(level.amount);
  return `${shareText(level.numerator * 100n, level.denominator, 8)}%`;
}

/**
 * The least spend that reaches `level`, in the amount's unit. At least 1 (femto-USD): with an amount of 0 the first spend is
 * over, no spend is not.
 *
 * @example limitOf(readLevel('70%'), readAmount('5 USD')) // 3.5 USD
 */
export function limitOf(level: Level, amount: Amount): bigint {
  if (level.kind === 'fixed') return level.amount.value;
  const limit = shareOf(level, amount.value);
  return limit > 0n ? limit : 1n;
}

/** Rounded up: less than the share is below it. */
export function shareOf({ numerator, denominator }: Share, value: bigint): bigint {
  return (value * numerator + denominator - 1n) / denominator;
}

/**
 * A quotient as a decimal string, cut (never rounded up to a level not reached) to `decimals` and without trailing zeros.
 *
 * @example shareText(1n, 3n, 4) // '0.3333'
 */
export function shareText(numerator: bigint, denominator: bigint, decimals: number): string {
  const magnitude = numerator < 0n ? -numerator : numerator;
  const scaled = ((magnitude * 10n ** BigInt(decimals)) / denominator).toString().padStart(decimals + 1, '0');
  const fraction = scaled.slice(scaled.length - decimals).replace(/0+$/, '');
  const text = `${scaled.slice(0, scaled.length - decimals)}${fraction === '' ? '' : `.${fraction}`}`;
  return numerator < 0n && text !== '0' ? `-${text}` : text;
}
