import type { Micros } from '../../pricing/charge.ts';
import { USD } from '../../pricing/money.ts';
import type { Ledger } from '../ledger.ts';
import type { Account } from './account.ts';
import { forecast, restOf, type Forecast, type Rest } from './forecast.ts';
import { readHistory, type History } from './history.ts';
import { calendar, weekdayIn, type Period } from './period.ts';
import { thresholdId, type Threshold } from './rule.ts';
import type { Book } from './book.ts';

/** Of less money than this nothing is forecast; a cent that becomes two is no news. */
const FLOOR = { USD, tokens: 1n, requests: 1n } as const;
/** Accounts looked at before others get their turn. */
const SLICE = 2000;

/**
 * What a period comes to at the pace so far, where nothing is known of the days before it.
 *
 * @example paceOf(account, now)?.expected
 */
export function paceOf({ period, spent, terms }: Account, now: Micros): Forecast | undefined {
  if (period.kind === 'rolling') return undefined;
  const elapsed = (now - period.startUs) / (period.endUs - period.startUs);
  return forecast(undefined, spent, { weekdays: [], today: 0, elapsed }, FLOOR[terms.amount.unit]);
}

type Reached = (account: Account, threshold: Threshold, at: Micros, forecast: Forecast) => void;

/** Finds the forecast thresholds that have held for as long as the rule wants. Only on the clock: forecasts move with it. */
export class Outlook {
  readonly tracker: Book;
  readonly #day: (at: Micros) => Period;
  readonly #weekday: (at: Micros) => number;
  readonly #reached: Reached;
  /** Since when a threshold has been reached, by account. */
  readonly #pending = new WeakMap<Account, Map<string, Micros>>();
  /** The same for all accounts that are looked at together. */
  #last: { readonly now: Micros; readonly rest: Rest } | undefined;
  #history: { readonly dayUs: Micros; readonly days: History } | undefined;

  constructor(tracker: Book, reached: Reached) {
    this.tracker = tracker;
    this.#day = calendar('day', tracker.rule.timezone);
    this.#weekday = weekdayIn(tracker.rule.timezone);
    this.#reached = reached;
  }

  /** Looks at every account of the running period. Rejects where the ledger is away and a new day has begun. */
  async look(ledger: Pick<Ledger, 'costs'>, now: Micros): Promise<void> {
    const today = this.#day(now);
    if (this.#history?.dayUs !== today.startUs)
      this.#history = { dayUs: today.startUs, days: await readHistory(ledger, this.tracker, today, this.#day) };
    const rest = this.#rest(now);
    let count = 0;
    for (const account of this.tracker.accounts(now)) {
      if (++count % SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
      this.#judge(account, rest, now);
    }
  }

  /** The forecast of any account at an instant, if it is not too early. */
  at(now: Micros): (account: Account) => Forecast | undefined {
    const rest = this.#rest(now);
    return (account) => this.#forecast(account, rest);
  }

  #rest(now: Micros): Rest {
    if (this.#last?.now !== now)
      this.#last = { now, rest: restOf(this.tracker.periodAt(now), now, this.#day, this.#weekday) };
    return this.#last.rest;
  }

  #forecast(account: Account, rest: Rest): Forecast | undefined {
    const { unit } = account.terms.amount;
    // Before the history is read a forecast would differ from what was told.
    if (this.#history === undefined) return undefined;
    // Keys that share an account have no history in common.
    const history = account.shared ? undefined : this.#history.days.get(account.key);
    return forecast(history, account.spent, rest, FLOOR[unit]);
  }

  #judge(account: Account, rest: Rest, now: Micros): void {
    const outlook = this.#forecast(account, rest);
    for (const { threshold, value } of account.terms.forecasts) {
      const id = thresholdId(threshold);
      if (outlook === undefined || outlook.expected < value) {
        this.#pending.get(account)?.delete(id);
        continue;
      }
      if (account.fired.has(id)) continue;
      const pending = this.#pending.get(account) ?? new Map<string, Micros>();
      this.#pending.set(account, pending);
      const since = pending.get(id) ?? now;
      pending.set(id, since);
      if (now - since >= threshold.forUs) this.#reached(account, threshold, now, outlook);
    }
  }
}
