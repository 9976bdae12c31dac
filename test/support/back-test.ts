import { USD } from '../../pricing/money.ts';
import { forecast, restOf } from '../../processor/budgets/forecast.ts';
import { calendar, weekdayIn } from '../../processor/budgets/period.ts';

/** How much is spent on a day, before it is scattered: days from 60 before the month on, and the weekday, 0 for Sunday. */
export type Shape = (day: number, weekday: number) => number;

/** Histories as they come: each is forecast in 60 months, a quarter, a half and three quarters through. */
export const shapes: Readonly<Record<string, Shape>> = {
  flat: () => 10,
  'weekly season': (_, weekday) => ([0, 6].includes(weekday) ? 2 : 13),
  'growth of 15 % a month': (day) => 10 * 1.15 ** (day / 30),
  'weekly season that grows 15 % a month': (day, weekday) => ([0, 6].includes(weekday) ? 2 : 13) * 1.15 ** (day / 30),
  'spike in the month before': (day) => (day === 45 ? 100 : 10),
  'customer of three weeks': (day) => (day < 50 ? 0 : 10),
  'new customer': (day) => (day < 60 ? 0 : 10),
};

/** Mean shares. */
export interface BackTest {
  /** Of the forecast, of the month's own sum. */
  readonly error: number;
  /** Of the naive one: the pace of the month so far goes on. */
  readonly naive: number;
  /** Months that ended within the band; four of five should. */
  readonly inBand: number;
  /** How wide the band is, of the sum. */
  readonly width: number;
}

const DAY = 86_400_000_000;
const RUNS = 60;
const [month, day, weekday] = [calendar('month', 'UTC'), calendar('day', 'UTC'), weekdayIn('UTC')];
const usd = (amount: number): bigint => BigInt(Math.round(amount * 1000)) * (USD / 1000n);

/**
 * Forecasts generated months, days scattered by a quarter. The same figures in every run.
 *
 * @example backTest(shapes['weekly season']).error // 0.037
 */
export function backTest(daily: Shape): BackTest {
  const random = randomFrom(7);
  const total = { error: 0, naive: 0, inBand: 0, width: 0 };
  for (let run = 0; run < RUNS; run++) {
    const { startUs, endUs } = month(Date.UTC(2026, run % 12, 15) * 1000);
    const length = (endUs - startUs) / DAY;
    const spend = Array.from({ length: 60 + length }, (_, index) =>
      Math.max(0, daily(index, weekday(startUs + (index - 60) * DAY)) * (1 + 0.25 * normal(random))),
    );
    const passed = Math.round(length * (0.25 + (run % 3) * 0.25));
    const [spent, sum] = [sumOf(spend.slice(60, 60 + passed)), sumOf(spend.slice(60))];
    const history = spend.slice(32 + passed, 60 + passed).map((amount) => amount * 1e15);
    const now = startUs + passed * DAY;
    const found = forecast(history, usd(spent), restOf(month(now), now, day, weekday), USD);
    if (found === undefined) throw new Error('silent');
    total.error += Math.abs(Number(found.expected) / 1e15 - sum) / sum;
    total.naive += Math.abs((spent * length) / passed - sum) / sum;
    total.inBand += usd(sum) >= found.low && usd(sum) <= found.high ? 1 : 0;
    total.width += Number(found.high - found.low) / 1e15 / sum;
  }
  const { error, naive, inBand, width } = total;
  return { error: error / RUNS, naive: naive / RUNS, inBand: inBand / RUNS, width: width / RUNS };
}

function sumOf(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

/** The same sequence in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random() + 1e-9)) * Math.cos(2 * Math.PI * random());
}
