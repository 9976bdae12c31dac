import type { Micros } from '../../pricing/charge.ts';
import type { Period } from './period.ts';

/** Days of history that are looked at: four weeks, so that every weekday has as many samples. */
export const HISTORY_DAYS = 28;
/** With less history than this, a weekday cannot be told from another. */
const ENOUGH_DAYS = 7;
/** Nothing is said before this share of the period has passed: the first morning tells nothing about a month. */
const SILENT_SHARE = 0.05;
/** Four of five periods end within the band, if days scatter as they did. */
const BAND = 1.28;

/** What is likely to be spent by the end of the period. An estimate: money is never added from it. */
export interface Forecast {
  readonly expected: bigint;
  /** The band. */
  readonly low: bigint;
  readonly high: bigint;
  readonly method: 'weekday' | 'linear';
}

/** What is left of a period: how much of each weekday (0 is Sunday), the rest of today included. */
export interface Rest {
  readonly weekdays: readonly number[];
  /** The weekday of today. */
  readonly today: number;
  /** Share of the period that has passed. */
  readonly elapsed: number;
}

/**
 * Spent so far, and the rest expected: the mean of each weekday that is left, over the last four weeks. With less than a
 * week of history the period's own pace goes on. Undefined where it is too early to say.
 *
 * @param history what was spent on each of the last 28 full days, the oldest first
 * @param floor below this much spent nothing is said
 * @example forecast(history, parseUsd('12'), rest, USD)
 */
export function forecast(
  history: ArrayLike<number> | undefined,
  spent: bigint,
  rest: Rest,
  floor: bigint,
): Forecast | undefined {
  if (rest.elapsed < SILENT_SHARE || spent < floor || spent <= 0n) return undefined;
  const samples = history === undefined ? [] : withoutSpikes(since(history), rest.today);
  const left = rest.weekdays.reduce((sum, share) => sum + share, 0);
  const weekday = samples.length >= ENOUGH_DAYS;
  const { expected, deviation } = weekday ? byWeekday(samples, rest, left) : byPace(samples, spent, rest, left);
  const at = (amount: number): bigint => spent + BigInt(Math.round(Math.max(0, amount)));
  const [low, high] = [at(expected - BAND * deviation), at(expected + BAND * deviation)];
  return { expected: at(expected), low, high, method: weekday ? 'weekday' : 'linear' };
}

/**
 * @param day the day of an instant, in the budget's zone
 * @param weekday its weekday there, 0 for Sunday
 */
export function restOf(
  period: Period,
  now: Micros,
  day: (at: Micros) => Period,
  weekday: (at: Micros) => number,
): Rest {
  const weekdays = [0, 0, 0, 0, 0, 0, 0];
  const today = weekday(now);
  let index = today;
  for (let at = now; at < period.endUs; index = (index + 1) % 7) {
    const { startUs, endUs } = day(at);
    weekdays[index] = (weekdays[index] ?? 0) + (Math.min(endUs, period.endUs) - at) / (endUs - startUs);
    at = endUs;
  }
  return { weekdays, today, elapsed: (now - period.startUs) / (period.endUs - period.startUs) };
}

interface Sample {
  /** Days before today. */
  readonly ago: number;
  readonly value: number;
}

/** From the first day on which something was spent: before that there was nothing to be measured. */
function since(history: ArrayLike<number>): readonly Sample[] {
  const all = Array.from(history, (value, index) => ({ value, ago: history.length - index }));
  const first = all.findIndex(({ value }) => value !== 0);
  return first === -1 ? [] : all.slice(first);
}

/** A day that cost more than this many times what its weekday usually does is no hint of the next ones. */
const SPIKE = 3;

/** Days that stand out count as much as a day may: one runaway script is not expected every week. */
function withoutSpikes(samples: readonly Sample[], today: number): readonly Sample[] {
  const usual = [0, 1, 2, 3, 4, 5, 6].map((weekday) =>
    median(samples.filter((sample) => weekdayOf(sample, today) === weekday).map(({ value }) => value)),
  );
  return samples.map((sample) => {
    const most = SPIKE * (usual[weekdayOf(sample, today)] ?? 0);
    return most > 0 && sample.value > most ? { ago: sample.ago, value: most } : sample;
  });
}

function weekdayOf({ ago }: Sample, today: number): number {
  return (((today - ago) % 7) + 7) % 7;
}

/** Of an even number the lower of the two in the middle. */
function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b);
  return ordered[Math.floor((ordered.length - 1) / 2)] ?? 0;
}

interface Expectation {
  readonly expected: number;
  readonly deviation: number;
}

function byWeekday(samples: readonly Sample[], rest: Rest, left: number): Expectation {
  const of = (sample: Sample): number => weekdayOf(sample, rest.today);
  const means = rest.weekdays.map((_, weekday) => mean(samples.filter((sample) => of(sample) === weekday)));
  const expected = rest.weekdays.reduce((sum, share, weekday) => sum + share * (means[weekday] ?? 0), 0);
  const errors = samples.map((sample) => sample.value - (means[of(sample)] ?? 0));
  // Each mean took a degree of freedom away; with a week of history none is left, and the days' own scatter stands in.
  const spare = samples.length - 7;
  const variance = spare > 0 ? errors.reduce((sum, error) => sum + error * error, 0) / spare : varianceOf(samples);
  // The days left scatter, and so do the means themselves: those of one weekday are all wrong together.
  const weeks = Math.max(1, samples.length / 7);
  const shared = rest.weekdays.reduce((sum, share) => sum + share * share, 0) / weeks;
  return { expected, deviation: Math.sqrt(variance * (left + shared)) };
}

function byPace(samples: readonly Sample[], spent: bigint, rest: Rest, left: number): Expectation {
  const expected = (Number(spent) * (1 - rest.elapsed)) / rest.elapsed;
  // Too little to know the scatter: half, or as much again.
  if (samples.length < 3) return { expected, deviation: expected / 2 / BAND };
  return { expected, deviation: Math.sqrt(varianceOf(samples) * (left + (left * left) / samples.length)) };
}

function mean(samples: readonly Sample[]): number {
  return samples.length === 0 ? 0 : samples.reduce((sum, { value }) => sum + value, 0) / samples.length;
}

function varianceOf(samples: readonly Sample[]): number {
  const middle = mean(samples);
  return samples.reduce((sum, { value }) => sum + (value - middle) ** 2, 0) / Math.max(1, samples.length - 1);
}
