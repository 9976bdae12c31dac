import type { Micros } from '../../pricing/charge.ts';
import type { Ledger } from '../ledger.ts';
import { readAlert, type Alert } from './alert.ts';
import type { BudgetEvents } from './events.ts';
import { PatientQueue, type Outcome } from './patient-queue.ts';
import type { Target } from './targets.ts';

/** A crossing that the ledger remembers and that nobody has been told of. */
interface Notice {
  readonly key: string;
  readonly alert: Alert;
}

const CAPACITY = 1000;
/** Alerts of one budget that wait together are told together, up to this many. */
const GROUP = 50;
/** Alerts in one post when they are told again. */
const RESENT = 500;
const GRACE_MS = 5000;
const MARK_ATTEMPTS = 10;
const MARK_PAUSE_MS = 100;

/**
 * Tells what was remembered, at least once: a notice is marked as delivered after the receiver took it. Without a target
 * the log is the receiver. What does not fit into the queue stays in the ledger, and is fetched when there is room.
 */
export class Notifier {
  readonly #ledger: Pick<Ledger, 'markDelivered' | 'undelivered'>;
  readonly #target: Target | undefined;
  readonly #now: () => Micros;
  readonly #events: BudgetEvents;
  readonly #queue: PatientQueue<Notice>;
  /** Queued, or refused by the receiver: not to be fetched again from the ledger by this process. */
  readonly #seen = new Set<string>();
  /** Told, and not yet marked so because the ledger was away: not to be told again. */
  readonly #taken = new Set<string>();
  #more = false;
  #alone = false;

  constructor(options: {
    readonly ledger: Pick<Ledger, 'markDelivered' | 'undelivered'>;
    readonly target: Target | undefined;
    readonly now: () => Micros;
    readonly events: BudgetEvents;
    readonly firstPauseMs: number;
  }) {
    this.#ledger = options.ledger;
    this.#target = options.target;
    this.#now = options.now;
    this.#events = options.events;
    const { firstPauseMs } = options;
    this.#queue = new PatientQueue({
      capacity: CAPACITY,
      batch: GROUP,
      firstPauseMs,
      attempt: (notices, signal) => this.#tell(notices, signal),
    });
  }

  /** Queues one remembered crossing. */
  push(key: string, alert: Alert): void {
    if (this.#seen.has(key)) return;
    if (this.#queue.push({ key, alert })) this.#seen.add(key);
    else this.#more = true;
  }

  /** Queues what the ledger holds undelivered: at the start, and when there was no room. */
  async refill(always: boolean): Promise<void> {
    if (!always && !(this.#more && this.#queue.size < CAPACITY / 2)) return;
    this.#more = false;
    for (const crossing of await this.#ledger.undelivered()) {
      const alert = readAlert(crossing.payload);
      if (alert === undefined) this.#events.unreadable(crossing.key);
      else this.push(crossing.key, alert);
    }
  }

  /**
   * Posts alerts that hold again, where the receiver would forget them. Not while something waits: that could be the end of
   * one of them.
   */
  async resend(alerts: readonly Alert[]): Promise<void> {
    for (let from = 0; from < alerts.length && this.#queue.size === 0; from += RESENT) {
      const delivery = await this.#target?.post(alerts.slice(from, from + RESENT), this.#now());
      if (delivery === undefined || delivery.result === 'taken') continue;
      this.#events.notifyFailed(this.#target?.address ?? '', delivery.why);
      return;
    }
  }

  /** Resolves once nothing waits to be told. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /**
   * The post under way may end; what is left is told after the next start. What was told is marked so, even if the ledger
   * hesitates: otherwise it would be told twice.
   */
  async stop(): Promise<void> {
    await this.#queue.stop(GRACE_MS);
    for (let attempt = 0; attempt < MARK_ATTEMPTS && this.#taken.size > 0; attempt++) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, MARK_PAUSE_MS));
      await this.#markTaken().catch(() => undefined);
    }
  }

  async #markTaken(): Promise<void> {
    for (const key of this.#taken) {
      await this.#ledger.markDelivered(key);
      this.#taken.delete(key);
    }
  }

  async #tell(waiting: readonly Notice[], signal: AbortSignal): Promise<Outcome> {
    const group = this.#alone ? waiting.slice(0, 1) : sameBudget(waiting);
    const alerts = group.filter(({ key }) => !this.#taken.has(key)).map(({ alert }) => alert);
    if (this.#target === undefined || alerts.length === 0) return this.#delivered(group);
    const delivery = await this.#target.post(alerts, this.#now(), signal);
    if (delivery.result === 'taken') return this.#delivered(group);
    const to = this.#target.address;
    if (delivery.result === 'unwell') {
      this.#events.notifyFailed(to, delivery.why);
      return 'later';
    }
    // One bad alert must not take its neighbours with it: after a refusal they go one by one.
    if (group.length > 1) {
      this.#alone = true;
      return { done: 0 };
    }
    this.#events.notifyRefused(to, delivery.why, alerts);
    return { done: 1 };
  }

  async #delivered(group: readonly Notice[]): Promise<Outcome> {
    this.#alone = false;
    for (const { key } of group) this.#taken.add(key);
    for (const { key } of group) await this.#ledger.markDelivered(key);
    // Only now: where one could not be marked, the attempt is made again, and none of the group is told twice.
    for (const { key } of group) {
      this.#taken.delete(key);
      this.#seen.delete(key);
    }
    this.#events.notified(group.map(({ alert }) => alert));
    return { done: group.length };
  }
}

function sameBudget(notices: readonly Notice[]): readonly Notice[] {
  const other = notices.findIndex(({ alert }) => alert.labels['budget'] !== notices[0]?.alert.labels['budget']);
  return other === -1 ? notices : notices.slice(0, other);
}
