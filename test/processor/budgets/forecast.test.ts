import { describe, expect, it } from 'vitest';
import { roundUsd, USD } from '../../../pricing/money.ts';
import { forecast, restOf, type Rest } from '../../../processor/budgets/forecast.ts';
import { calendar, weekdayIn } from '../../../processor/budgets/period.ts';
import { backTest, shapes } from '../../support/back-test.ts';

const [month, day, weekday] = [calendar('month', 'UTC'), calendar('day', 'UTC'), weekdayIn('UTC')];
const rest = (now: number): Rest => restOf(month(now), now, day, weekday);
const usd = (amount: number): bigint => BigInt(Math.round(amount * 1000)) * (USD / 1000n);
const femto = (amounts: readonly number[]): number[] => amounts.map((amount) => amount * 1e15);

describe('what is left of a period', () => {
  it('is counted in weekdays, today in part', () => {
    // Wednesday the 25th, 18:00: a quarter of today, then Thursday to Monday.
    const { weekdays, today, elapsed } = rest(Date.UTC(2026, 10, 25, 18) * 1000);
    expect(weekdays).toEqual([1, 1, 0, 0.25, 1, 1, 1]);
    expect(today).toBe(3);
    expect(elapsed).toBeCloseTo(24.75 / 30);
  });

  it('follows the clock of the zone', () => {
    const zone = 'Europe/Berlin';
    const now = Date.UTC(2026, 9, 24, 22) * 1000;
    const left = restOf(calendar('month', zone)(now), now, calendar('day', zone), weekdayIn(zone));
    // From Sunday 00:00, a day of 25 hours, to Saturday.
    expect(left.weekdays).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });
});

const cents = (amount: bigint | undefined): bigint | undefined => amount && roundUsd(amount, 2);

describe('forecast', () => {
  const now = Date.UTC(2026, 10, 11) * 1000;
  /** Monday to Friday 10, else 0; the 28 days before Wednesday the 11th. */
  const office = Array.from({ length: 28 }, (_, index) => ([0, 6].includes((3 + index) % 7) ? 0 : 10));

  it('adds the means of the weekdays that are left', () => {
    // The 11th to the 30th of November 2026: 14 working days.
    expect(forecast(femto(office), usd(70), rest(now), USD)).toEqual({
      expected: usd(210),
      low: usd(210),
      high: usd(210),
      method: 'weekday',
    });
  });

  it('goes on at its own pace with less than a week of history', () => {
    const fresh = [...Array.from({ length: 25 }, () => 0), 9, 10, 11];
    const expected = forecast(femto(fresh), usd(30), rest(now), USD);
    expect([cents(expected?.expected), expected?.method]).toEqual([usd(90), 'linear']);
    const blind = forecast(undefined, usd(30), rest(now), USD);
    expect([blind?.low, blind?.expected, blind?.high].map(cents)).toEqual([usd(60), usd(90), usd(120)]);
  });

  it('is silent below 5 % of the period and below the floor', () => {
    expect(forecast(femto(office), usd(70), rest(Date.UTC(2026, 10, 2, 11) * 1000), USD)).toBeUndefined();
    expect(forecast(femto(office), usd(70), rest(Date.UTC(2026, 10, 2, 13) * 1000), USD)).toBeDefined();
    expect(forecast(femto(office), usd(0.999), rest(now), USD)).toBeUndefined();
    expect(forecast(femto(office), usd(1), rest(now), USD)).toBeDefined();
  });

  it('is never below what was spent, whatever corrections lie in the past', () => {
    const corrected = Array.from({ length: 28 }, (_, index) => (index === 20 ? -500 : 10));
    expect(forecast(femto(corrected), usd(70), rest(now), USD)?.expected).toBe(usd(70));
  });
});

/** Back-tested on generated histories (`npm run bench -- forecast` prints all figures): the limits keep it from getting worse. */
describe('back-test', () => {
  const limits: Readonly<Record<string, readonly [error: number, inBand: number]>> = {
    flat: [0.06, 0.6],
    'weekly season': [0.07, 0.6],
    'growth of 15 % a month': [0.12, 0.1],
    'weekly season that grows 15 % a month': [0.12, 0.1],
    'spike in the month before': [0.07, 0.6],
    'customer of three weeks': [0.1, 0.4],
    'new customer': [0.1, 0.4],
  };

  it.each(Object.entries(shapes))('%s', (name, shape) => {
    const { error, inBand } = backTest(shape);
    const [most, least] = limits[name] ?? [0, 1];
    expect(error).toBeLessThan(most);
    expect(inBand).toBeGreaterThan(least);
  });
});
