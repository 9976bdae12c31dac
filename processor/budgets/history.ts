import type { Micros } from '../../pricing/charge.ts';
import type { Ledger } from '../ledger.ts';
import { HISTORY_DAYS } from './forecast.ts';
import type { Period } from './period.ts';
import type { Book } from './book.ts';

/** What each key spent on each of the last 28 full days, the oldest first, as doubles: for estimates only. */
export type History = ReadonlyMap<string, Float64Array>;

/**
 * Reads the history of a budget's keys, a day at a time: of 100,000 keys all 28 days at once would not fit.
 *
 * @param today the running day in the budget's zone
 */
export async function readHistory(
  ledger: Pick<Ledger, 'costs'>,
  tracker: Book,
  today: Period,
  day: (at: Micros) => Period,
): Promise<History> {
  const history = new Map<string, Float64Array>();
  let end = today.startUs;
  for (let index = HISTORY_DAYS - 1; index >= 0; index--) {
    const { startUs } = day(end - 1);
    for (const { key, value } of await tracker.read(ledger, startUs, end)) {
      const days = history.get(key) ?? new Float64Array(HISTORY_DAYS);
      days[index] = (days[index] ?? 0) + Number(value);
      history.set(key, days);
    }
    end = startUs;
  }
  return history;
}
