import type { Logger } from 'pino';
import type { Micros } from '../../pricing/charge.ts';
import type { Appended, Dimensions, Ledger } from '../ledger.ts';
import { isCrossingOf, type Account } from './account.ts';
import { bookOf, type Book } from './book.ts';
import { KEY_FLOOD, UNPRICED, type Alert } from './alert.ts';
import { Crossings, mark } from './crossings.ts';
import { actingOf, type ActingBudget } from './acting.ts';
import { evaluate, reached } from './evaluate.ts';
import { createEvents, type BudgetCounter } from './events.ts';
import { FiringAlerts, readFiring, type Firing } from './firing.ts';
import { HeldFor } from './held-for.ts';
import { heldAction, strictestFirst, type Held } from './held-action.ts';
import { join } from 'node:path';
import { deadLetters } from './notify/dead-letters.ts';
import { Notifier } from './notify/notifier.ts';
import type { Channel, Notify } from './notify/settings.ts';
import type { Silence } from './notify/silences.ts';
import { targetOf as reach, type Target } from './notify/target.ts';
import { openTold } from './notify/told.ts';
import type { Forecast } from './forecast.ts';
import { Outlook, paceOf } from './outlook.ts';
import type { Rule } from './rule.ts';
import type { Revenue } from '../revenue.ts';
import { RevenueWatch } from './revenue-watch.ts';
import { SWEEP_US } from './sweep.ts';
import type { WorstRates } from './worst-rates.ts';
import { fullest, standing, type BudgetStanding } from './states.ts';

export type { ActingBudget } from './acting.ts';
export { loadBudgets, mistakesText } from './load.ts';
export type { BudgetStanding } from './states.ts';
export type { Held } from './held-action.ts';
export type { BudgetCounter } from './events.ts';

export interface BudgetsOptions {
  readonly rules: readonly Rule[];
  /** Where crossings are told; undefined: in the log. */
  readonly notify: Notify | undefined;
  readonly ledger: Pick<Ledger, 'costs' | 'addCrossing' | 'crossing' | 'markDelivered' | 'undelivered' | 'firing'>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** The clock: which period is running. */
  readonly now?: () => Micros;
  /** The address of the page, for links in alerts. */
  readonly externalUrl?: string;
  /** @param label the receiver, where the counter has one */
  readonly count?: (name: BudgetCounter, amount: number, label?: string) => void;
  /** What customers pay; without it budgets that depend on it have no amount. */
  readonly revenue?: Pick<Revenue, 'sums' | 'version'> | undefined;
  /** What calls without a price are taken to cost at most, for budgets of `unpriced: worst-case`; without it nothing. */
  readonly worstRates?: () => WorstRates;
  /** What needs not be told, though it is so. */
  readonly silences?: readonly Silence[];
  /** Where dead letters are kept, and which of several receivers was told of what; without it nowhere. */
  readonly directory?: string | undefined;
  /** Told of every account whose spend has changed. Must not throw. */
  readonly changed?: (account: Account) => void;
  /** How a receiver is reached, where that is not as usual. */
  readonly targetOf?: (channel: Channel) => Target;
  /** How often periods are looked at, apart from every batch; by default as often as a rule wants it. */
  readonly sweepMs?: number;
  /** The pause after the first attempt that failed; it doubles with each further one. */
  readonly firstPauseMs?: number;
}

export interface Budgets {
  /**
   * Reads what was spent so far, finds what was crossed while nobody looked, and takes up deliveries that were left.
   * To be awaited before anything is appended. Rejects with `ledger_unavailable`; may be called again then.
   */
  start(): Promise<void>;
  /** Takes in what the ledger answered to an append; only entries that were inserted count. Never waits, never throws. */
  observe(appended: readonly Appended[]): void;
  /** How budgets stand now, the fullest first, at most `limit` keys of each budget. */
  states(limit?: number): readonly BudgetStanding[];
  /** The actions that hold against a call with these dimensions now, at most one of each budget, the strictest first. */
  held(dimensions: Dimensions): readonly Held[];
  /** Budgets that act, with their accounts of the running period: for guards. */
  acting(): readonly ActingBudget[];
  /** What the clock does every now and then: looks at periods and forecasts. Resolves when it has. */
  tick(): Promise<void>;
  /** Resolves once every crossing found so far is remembered and told. */
  settled(): Promise<void>;
  /** May be called any number of times. What is not delivered yet is told after the next start. */
  stop(): Promise<void>;
}

/**
 * Watches budgets. Spend is kept in memory and always equals the ledger; a crossing is first remembered in the ledger under
 * its own key and then told, so it is told at least once, and never again after a restart.
 *
 * @example
 * const budgets = createBudgets({ rules, notify, ledger, log });
 * await budgets.start();
 * budgets.observe(await ledger.append(entries));
 */
export function createBudgets(options: BudgetsOptions): Budgets {
  const { rules, notify, ledger, log, externalUrl = '', firstPauseMs = 1000 } = options;
  const sweepMs = options.sweepMs ?? Math.min(SWEEP_US, ...rules.map(({ intervalUs }) => intervalUs)) / 1000;
  const now = options.now ?? ((): Micros => Date.now() * 1000);
  const events = createEvents(log, options.count ?? (() => undefined));
  const trackers = rules.map((rule) =>
    bookOf(rule, rule.unpriced === 'worst-case' ? options.worstRates?.() : undefined),
  );
  const heldFor = new HeldFor();
  const revenue = new RevenueWatch(trackers, options.revenue);
  const { silences = [], directory } = options;
  const notifier = new Notifier({
    ledger,
    notify,
    silences,
    targetOf: options.targetOf ?? ((channel) => reach(channel, externalUrl)),
    firing: () => firing.alerts,
    told: openTold(directory && join(directory, 'told.jsonl')),
    deadLetters: deadLetters(directory && join(directory, 'dead-letters.jsonl')),
    now,
    events,
    firstPauseMs,
  });
  const outlookOf = (account: Account, at: Micros): Forecast | undefined =>
    outlooks.get(account.rule)?.at(at)(account) ?? paceOf(account, at);
  const crossings = new Crossings({ ledger, events, remembered, outlookOf, externalUrl, firstPauseMs });
  const outlooks = new Map(
    trackers
      .filter(({ rule }) => rule.thresholds.some(({ basis }) => basis === 'forecast'))
      .map((tracker) => [tracker.rule, new Outlook(tracker, crossings.push.bind(crossings))]),
  );
  const firing = new FiringAlerts(stillReached, crossings.resolve.bind(crossings));
  const running = new Map<Book, Micros>();
  let looking: Promise<void> | undefined;
  /** When the first of the running periods is over. */
  let over: Micros = Infinity;
  let timer: NodeJS.Timeout | undefined;

  function remembered(key: string, alert: Alert, holds: Firing | undefined): void {
    if (holds !== undefined) firing.add(holds);
    notifier.push(key, alert);
  }

  function stillReached(account: Account, id: string, at: Micros): boolean | undefined {
    // Keys that were too many stay so until the period is over.
    if (id === KEY_FLOOD) return true;
    if (id === UNPRICED) return lacksPrices(account);
    return reached(account.terms, id, account.spent, () => outlooks.get(account.rule)?.at(at)(account)?.expected);
  }

  /** What an earlier process told of a running period is known to its account, if the file still has it. */
  async function readFired(at: Micros): Promise<void> {
    const accountOf = ({ labels }: Alert, key: string): Account | undefined => {
      const tracker = trackers.find(({ rule }) => rule.budget === labels['budget']);
      const values = tracker?.rule.by.map((name) => labels[name] ?? '') ?? [];
      const account = tracker?.find(at, values, key.includes('|other|'));
      const id = key.slice(key.lastIndexOf('|') + 1);
      return account !== undefined && isCrossingOf(account, id, key) ? account : undefined;
    };
    for (const { at: firedAt, ...each } of await readFiring(ledger, accountOf)) {
      firing.add(each);
      if (each.account !== undefined) mark(each.account, each.id, firedAt);
    }
  }

  function judge(account: Account, at: Micros): void {
    const { crossings: crossed } = evaluate(account.terms, account.spent, account.period, at, account.fired);
    for (const threshold of heldFor.ripe(account, crossed, at)) crossings.push(account, threshold, at);
    if (account.shared) crossings.push(account, KEY_FLOOD, at);
    const current = account.period.startUs <= at && at < account.period.endUs;
    if (current && lacksPrices(account)) crossings.push(account, UNPRICED, at);
  }

  /**
   * On the clock, and as soon as a period is over: what no longer holds is resolved first, because an alert of the new
   * period has the same labels; a new period may have begun with entries that came early, or a
   * crossing may have found no room.
   */
  function sweep(): void {
    const at = now();
    // What has left a window that rolls counts no more.
    for (const tracker of trackers) tracker.forget(at);
    firing.check(at);
    const again = crossings.takeFull();
    over = Math.min(...trackers.map((tracker) => tracker.periodAt(at).endUs));
    for (const tracker of trackers) {
      const { startUs } = tracker.periodAt(at);
      if (!again && running.get(tracker) === startUs) continue;
      running.set(tracker, startUs);
      for (const account of tracker.accounts(at)) judge(account, at);
    }
    for (const account of heldFor.waiting) judge(account, at);
    looking ??= look(at);
    // Never rejects: receivers don't.
    void notifier.sweep();
    notifier.refill(false).catch((error: unknown) => events.ledgerAway(error));
  }

  async function look(at: Micros): Promise<void> {
    try {
      const changed = await revenue.look(at);
      if (changed.length > 0) firing.check(at);
      for (const book of changed) for (const account of book.accounts(at)) judge(account, at);
      for (const outlook of outlooks.values()) await outlook.look(ledger, at);
    } catch (error) {
      events.ledgerAway(error);
    }
    looking = undefined;
  }

  return {
    async start() {
      if (rules.length === 0) return;
      for (const tracker of trackers) await tracker.seed(ledger, now());
      await revenue.look(now(), true);
      if (revenue.blind.length > 0)
        log.warn(
          { budgets: revenue.blind },
          'these budgets need revenue, and none is known: spanledger revenue import FILE.csv',
        );
      await readFired(now());
      await notifier.refill(true);
      const acting = rules.filter(({ thresholds }) => thresholds.some(({ action }) => action !== undefined));
      if (acting.length > 0)
        log.info(
          { budgets: acting.map(({ budget }) => budget) },
          'these budgets act only in applications with a guard',
        );
      sweep();
      timer = setInterval(sweep, sweepMs).unref();
    },
    observe(appended) {
      try {
        const at = now();
        if (at >= over) sweep();
        for (const { entry, inserted } of appended) {
          if (!inserted) continue;
          for (const tracker of trackers) {
            const account = tracker.add(entry, at);
            // After every entry, so that the call that crossed is told apart from its neighbours in the batch.
            if (account === undefined) continue;
            options.changed?.(account);
            judge(account, at);
          }
        }
      } catch (error) {
        events.observeFailed(error);
      }
    },
    states(limit = 200) {
      const at = now();
      // By budget, so that a budget of many full keys does not hide the others.
      const accounts = trackers.flatMap((tracker) => fullest(shown(tracker, at), limit));
      const forecasts = new Map(Array.from(outlooks, ([rule, outlook]) => [rule, outlook.at(at)]));
      return fullest(accounts, accounts.length).map((account) =>
        standing(account, forecasts.get(account.rule)?.(account)),
      );
    },
    held(dimensions) {
      const at = now();
      const held = trackers.flatMap((tracker) => {
        const stands = tracker.standingOf(dimensions, at);
        return (stands && heldAction(tracker.rule, stands.terms, stands.spent, dimensions, at)) ?? [];
      });
      return strictestFirst(held);
    },
    acting() {
      const at = now();
      return trackers.flatMap((book) => actingOf(book, at) ?? []);
    },
    async tick() {
      // A look that began before is about an earlier instant.
      await looking;
      sweep();
      await looking;
    },
    async settled() {
      await looking;
      await crossings.idle();
      await notifier.idle();
    },
    async stop() {
      clearInterval(timer);
      await looking;
      await crossings.stop();
      await notifier.stop();
    },
  };
}

function lacksPrices({ rule, unpricedCalls }: Account): boolean {
  return rule.unpriced !== 'ignore' && unpricedCalls > 0;
}

/** Accounts of the running periods. A budget of no labels is there before its first call. */
function* shown(tracker: Book, at: Micros): Iterable<Account> {
  let empty = true;
  for (const account of tracker.accounts(at)) {
    empty = false;
    yield account;
  }
  if (empty && tracker.rule.by.length === 0) yield tracker.emptyAccount(at);
}
