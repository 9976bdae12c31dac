import type { Micros } from '../../pricing/charge.ts';
import type { DimensionName, Ledger } from '../ledger.ts';
import { accountMatchers, crossingKey, type Account } from './account.ts';
import { KEY_FLOOD, keyFloodAlert, thresholdAlert, type Alert, type Top } from './alert.ts';
import type { Forecast } from './forecast.ts';
import type { BudgetEvents } from './events.ts';
import { measures } from './measure.ts';
import { PatientQueue, type Outcome } from './patient-queue.ts';
import { thresholdId, type Threshold } from './rule.ts';

interface Found {
  readonly account: Account;
  /** The account as it stood when it crossed: what is told is not what was spent since. */
  readonly crossed: Account;
  /** The flood of keys is remembered like a threshold. */
  readonly threshold: Threshold | typeof KEY_FLOOD;
  readonly at: Micros;
  readonly forecast: Forecast | undefined;
}

const CAPACITY = 10_000;
/** With more than this waiting, alerts go out without the dearest customers and features, which cost a query each. */
const BUSY = 50;
const TOP = 3;
const GRACE_MS = 5000;

/**
 * Remembers crossings in the ledger, in the order found, and hands on those that were new. Until one is remembered its
 * account says "being remembered"; a crossing that finds no room is found again by the next sweep.
 */
export class Crossings {
  readonly #ledger: Pick<Ledger, 'costs' | 'addCrossing' | 'crossing'>;
  readonly #events: BudgetEvents;
  readonly #remembered: (key: string, alert: Alert) => void;
  readonly #queue: PatientQueue<Found>;
  #full = false;
  #last: Micros = 0;

  constructor(options: {
    readonly ledger: Pick<Ledger, 'costs' | 'addCrossing' | 'crossing'>;
    readonly events: BudgetEvents;
    readonly remembered: (key: string, alert: Alert) => void;
    readonly firstPauseMs: number;
  }) {
    this.#ledger = options.ledger;
    this.#events = options.events;
    this.#remembered = options.remembered;
    const { firstPauseMs } = options;
    this.#queue = new PatientQueue({
      capacity: CAPACITY,
      firstPauseMs,
      maxPauseMs: 15_000,
      attempt: ([found]) => this.#remember(found),
    });
  }

  /** Whether some crossing found no room since this was last asked. */
  takeFull(): boolean {
    const full = this.#full;
    this.#full = false;
    return full;
  }

  push(account: Account, threshold: Found['threshold'], now: Micros, forecast?: Forecast): void {
    const label = labelOf(threshold);
    if (account.fired.has(label)) return;
    // A microsecond apart, so that the order found is the order in the ledger, by which a restart tells them.
    const at = now <= this.#last && this.#last - now < CAPACITY ? this.#last + 1 : now;
    if (this.#queue.push({ account, crossed: { ...account }, threshold, at, forecast }))
      mark(account, label, undefined);
    else this.#full = true;
    this.#last = at;
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** What waits is remembered first: after the next start its period may be over. */
  stop(): Promise<void> {
    return this.#queue.stop(GRACE_MS);
  }

  async #remember(found: Found | undefined): Promise<Outcome> {
    if (found === undefined) return { done: 1 };
    const { account, crossed, threshold, at, forecast } = found;
    const label = labelOf(threshold);
    const key = crossingKey(account, label);
    try {
      const known = await this.#ledger.crossing(key);
      if (known !== undefined) {
        mark(account, label, known.at);
        return { done: 1 };
      }
      const alert =
        threshold === KEY_FLOOD ? keyFloodAlert(crossed, at) : await this.#describe(crossed, threshold, at, forecast);
      const added = await this.#ledger.addCrossing({ key, at, payload: JSON.stringify(alert) });
      mark(account, label, at);
      // False: another processor on the same ledger was faster, and tells it.
      if (added) {
        this.#events.crossed(alert);
        this.#remembered(key, alert);
      }
      return { done: 1 };
    } catch (error) {
      this.#events.ledgerAway(error);
      return 'later';
    }
  }

  async #describe(account: Account, threshold: Threshold, at: Micros, forecast: Forecast | undefined): Promise<Alert> {
    const busy = this.#queue.size > BUSY;
    const top = async (name: DimensionName): Promise<string | undefined> =>
      busy || account.shared || account.rule.by.includes(name) ? undefined : this.#top(account, name);
    const [customers, features] = [await top('customer_id'), await top('feature')];
    return thresholdAlert(account, threshold, at, { customers, features } satisfies Top, forecast);
  }

  /** The dearest values of a dimension within an account: `summarizer $14.00, search $3.40, 4 more $7.20`. */
  async #top(account: Account, name: DimensionName): Promise<string> {
    const { startUs: from, endUs: to } = account.period;
    const where = accountMatchers(account);
    const rows = await this.#ledger.costs({ by: [name], where, from, to, timezone: account.rule.timezone });
    const { row: read, display } = measures[account.terms.amount.unit];
    const dearest = rows
      .map((row) => ({ value: row.values[name] || '(none)', spent: read(row) }))
      .filter(({ spent }) => spent > 0n)
      .toSorted((a, b) => (a.spent > b.spent ? -1 : a.spent < b.spent ? 1 : 0));
    const named = dearest.slice(0, TOP).map(({ value, spent }) => `${value} ${display(spent)}`);
    const rest = dearest.slice(TOP);
    const more = `${rest.length} more ${display(rest.reduce((sum, { spent }) => sum + spent, 0n))}`;
    return [...named, ...(rest.length > 0 ? [more] : [])].join(', ');
  }
}

function labelOf(threshold: Found['threshold']): string {
  return threshold === KEY_FLOOD ? KEY_FLOOD : thresholdId(threshold);
}

function mark(account: Account, label: string, at: Micros | undefined): void {
  account.fired = new Map([...account.fired, [label, at]]);
}
