import type { Micros } from '../../pricing/charge.ts';
import type { DimensionName, Ledger } from '../ledger.ts';
import { RESOLVED, type Firing } from './firing.ts';
import { accountMatchers, crossingKey, isoTime, type Account } from './account.ts';
import { keyFloodAlert, thresholdAlert, unpricedAlert, withLink, type Alert, type Notice } from './alert.ts';
import type { Forecast } from './forecast.ts';
import type { BudgetEvents } from './events.ts';
import { measures } from './measure.ts';
import { PatientQueue, type Outcome } from './patient-queue.ts';
import { thresholdId, type Threshold } from './rule.ts';

interface Found {
  readonly kind: 'crossed';
  readonly account: Account;
  /** The account as it stood when it crossed: what is told is not what was spent since. */
  readonly crossed: Account;
  /** The flood of keys is remembered like a threshold. */
  readonly threshold: Threshold | Notice;
  readonly at: Micros;
  readonly forecast: Forecast | undefined;
}

/** An alert that no longer holds. */
interface Ended {
  readonly kind: 'ended';
  readonly firing: Firing;
  readonly at: Micros;
}

const notices: Readonly<Record<Notice, (account: Account, at: Micros) => Alert>> = {
  max_keys: keyFloodAlert,
  unpriced: unpricedAlert,
};

const CAPACITY = 10_000;
/** With more than this waiting, alerts go out without the dearest customers and features, which cost a query each. */
const BUSY = 50;
/** An alert does not wait longer than this for what decorates it. */
const PATIENCE_MS = 2000;
const TOP = 3;
const GRACE_MS = 5000;

/**
 * Remembers crossings in the ledger, in the order found, and hands on those that were new. Until one is remembered its
 * account says "being remembered"; a crossing that finds no room is found again by the next sweep.
 */
export class Crossings {
  readonly #ledger: Pick<Ledger, 'costs' | 'addCrossing' | 'crossing'>;
  readonly #events: BudgetEvents;
  readonly #outlookOf: (account: Account, at: Micros) => Forecast | undefined;
  readonly #externalUrl: string;
  readonly #remembered: (key: string, alert: Alert, firing: Firing | undefined) => void;
  readonly #queue: PatientQueue<Found | Ended>;
  #full = false;
  #last: Micros = 0;

  constructor(options: {
    readonly ledger: Pick<Ledger, 'costs' | 'addCrossing' | 'crossing'>;
    readonly events: BudgetEvents;
    /** `firing` where the alert holds from now on; undefined where it was resolved. */
    readonly remembered: (key: string, alert: Alert, firing: Firing | undefined) => void;
    /** What is likely by the end of the period, told with every alert. */
    readonly outlookOf: (account: Account, at: Micros) => Forecast | undefined;
    /** The address of the page, '' if it is not known. */
    readonly externalUrl: string;
    readonly firstPauseMs: number;
  }) {
    this.#ledger = options.ledger;
    this.#events = options.events;
    this.#remembered = options.remembered;
    this.#outlookOf = options.outlookOf;
    this.#externalUrl = options.externalUrl;
    const { firstPauseMs } = options;
    this.#queue = new PatientQueue({
      capacity: CAPACITY,
      firstPauseMs,
      maxPauseMs: 15_000,
      attempt: ([item]) => this.#remember(item),
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
    const at = this.#instant(now);
    const crossed = { ...account };
    if (this.#queue.push({ kind: 'crossed', account, crossed, threshold, at, forecast }))
      mark(account, label, undefined);
    else this.#full = true;
  }

  /** False where there is no room. */
  resolve(firing: Firing, now: Micros): boolean {
    return this.#queue.push({ kind: 'ended', firing, at: this.#instant(now) });
  }

  /** A microsecond apart, so that the order found is the order in the ledger, by which a restart tells them. */
  #instant(now: Micros): Micros {
    const behind = this.#last - now;
    return (this.#last = behind >= 0 && behind < CAPACITY ? this.#last + 1 : now);
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** What waits is remembered first: after the next start its period may be over. */
  stop(): Promise<void> {
    return this.#queue.stop(GRACE_MS);
  }

  async #remember(item: Found | Ended | undefined): Promise<Outcome> {
    try {
      if (item?.kind === 'crossed') await this.#rememberCrossed(item);
      if (item?.kind === 'ended') await this.#rememberEnded(item);
      return { done: 1 };
    } catch (error) {
      this.#events.ledgerAway(error);
      return 'later';
    }
  }

  async #rememberCrossed({ account, crossed, threshold, at, forecast }: Found): Promise<void> {
    const id = labelOf(threshold);
    const key = crossingKey(crossed, id);
    const known = await this.#ledger.crossing(key);
    if (known !== undefined) {
      // Where the window rolls it may have been resolved since, and is found again at the next step.
      const over = crossed.period.kind === 'rolling' && (await this.#ledger.crossing(key + RESOLVED)) !== undefined;
      if (over) unmark(account, id);
      else mark(account, id, known.at);
      return;
    }
    const plain =
      typeof threshold === 'string'
        ? notices[threshold](crossed, at)
        : await this.#describe(crossed, threshold, at, forecast);
    const alert = withLink(plain, crossed, this.#externalUrl);
    const added = await this.#ledger.addCrossing({ key, at, payload: JSON.stringify(alert) });
    mark(account, id, at);
    // False: another processor on the same ledger was faster, and tells it.
    if (!added) return;
    this.#events.crossed(alert);
    this.#remembered(key, alert, { key, alert, account, id });
  }

  async #rememberEnded({ firing, at }: Ended): Promise<void> {
    const key = firing.key + RESOLVED;
    // A period of the calendar has each crossing once; a window that rolls may have it again.
    if (firing.account?.period.kind === 'rolling') unmark(firing.account, firing.id);
    const alert = { ...firing.alert, endsAt: isoTime(at) };
    if (await this.#ledger.addCrossing({ key, at, payload: JSON.stringify(alert) })) {
      this.#events.resolved(alert);
      this.#remembered(key, alert, undefined);
    }
  }

  async #describe(account: Account, threshold: Threshold, at: Micros, forecast: Forecast | undefined): Promise<Alert> {
    const busy = this.#queue.size > BUSY;
    const top = async (name: DimensionName): Promise<string | undefined> =>
      busy || account.shared || account.rule.by.includes(name) ? undefined : this.#top(account, name);
    const both = Promise.all([top('customer_id'), top('feature')]);
    const outlook = this.#outlookOf(account, at);
    const [customers, features] = await Promise.race([both, patience()]);
    return thresholdAlert(account, threshold, at, { customers, features, outlook }, forecast);
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

function patience(): Promise<readonly [undefined, undefined]> {
  return new Promise((resolve) => {
    setTimeout(() => resolve([undefined, undefined]), PATIENCE_MS).unref();
  });
}

function labelOf(threshold: Found['threshold']): string {
  return typeof threshold === 'string' ? threshold : thresholdId(threshold);
}

function unmark(account: Account, label: string): void {
  account.fired = new Map([...account.fired].filter(([known]) => known !== label));
}

export function mark(account: Account, label: string, at: Micros | undefined): void {
  account.fired = new Map([...account.fired, [label, at]]);
}
