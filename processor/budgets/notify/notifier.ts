import type { Micros } from '../../../pricing/charge.ts';
import type { Ledger } from '../../ledger.ts';
import { readAlert, type Alert } from '../alert.ts';
import type { BudgetEvents } from '../events.ts';
import { RESOLVED } from '../firing.ts';
import { PatientQueue } from '../patient-queue.ts';
import { RESEND_US } from './alertmanager.ts';
import type { DeadLetters } from './dead-letters.ts';
import { inhibitionBy, silenceBy } from './hush.ts';
import { LANE_CAPACITY, Lane } from './lane.ts';
import { allRoutes, routesOf } from './route.ts';
import type { Channel, Notify, Route } from './settings.ts';
import type { Silence } from './silences.ts';
import type { Target } from './target.ts';
import type { Told } from './told.ts';

/** Notices that are known to wait. The rest stay in the ledger, and are fetched when there is room. */
const CAPACITY = 20_000;
const MARK_ATTEMPTS = 10;
const MARK_PAUSE_MS = 100;
/** What a receiver is told in that says nothing about grouping. */
export const groupByDefault: readonly string[] = ['alertname', 'budget'];
const plainRoute = { groupBy: groupByDefault, groupWaitUs: 0, repeatUs: undefined, mute: [], active: [] };

export interface NotifierOptions {
  readonly ledger: Pick<Ledger, 'markDelivered' | 'undelivered'>;
  /** Undefined: the log is the receiver. */
  readonly notify: Notify | undefined;
  readonly silences: readonly Silence[];
  /** How a channel is reached. */
  readonly targetOf: (channel: Channel) => Target;
  /** The alerts that hold now. */
  readonly firing: () => readonly Alert[];
  readonly told: Told;
  readonly deadLetters: DeadLetters;
  readonly now: () => Micros;
  readonly events: BudgetEvents;
  readonly firstPauseMs: number;
}

/**
 * Tells what was remembered, at least once, each receiver on a lane of its own: a notice is marked as delivered after all
 * receivers took it. Without any the log is the receiver.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #always: readonly Lane[];
  readonly #lanes = new Map<Route, readonly Lane[]>();
  /** What waits: the receivers that are still to be told, by place; `left` where there was no room on the lane. */
  readonly #open = new Map<string, Map<string, 'queued' | 'left'>>();
  readonly #marks: PatientQueue<string>;
  /** Told by all, and not yet marked so because the ledger was away: not to be told again. */
  readonly #unmarked = new Set<string>();
  #more = false;
  #resent: Micros = -Infinity;
  #resending = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
    const { notify, firstPauseMs } = options;
    this.#always = (notify?.always ?? []).map((channel) => this.#lane(channel, plainRoute, () => () => false));
    const hiding = (now: Micros): ((alert: Alert) => boolean) => {
      const isSilenced = silenceBy(options.silences, now);
      const isInhibited = inhibitionBy(notify?.inhibit ?? [], options.firing);
      return (alert) => isSilenced(alert) || isInhibited(alert);
    };
    for (const route of notify?.route === undefined ? [] : allRoutes(notify.route)) {
      const receiver = notify?.receivers.find(({ name }) => name === route.receiver);
      const lanes = (receiver?.channels ?? []).map((channel) => this.#lane(channel, route, hiding));
      this.#lanes.set(route, lanes);
    }
    this.#marks = new PatientQueue({ capacity: Infinity, firstPauseMs, attempt: ([key]) => this.#mark(key) });
    // So that each counter is there before it counts: an alert on it needs a value to rise from.
    for (const lane of this.#all()) options.events.receiver(lane.target);
  }

  /** Queues one remembered crossing, with each receiver that has room for it. */
  push(key: string, alert: Alert): void {
    if (this.#unmarked.has(key)) return;
    const lanes = this.#lanesOf(alert);
    const left = this.#open.get(key) ?? this.#opened(key, lanes);
    if (left === undefined) {
      this.#more = true;
      return;
    }
    if (left.size === 0) return this.#finish(key);
    for (const lane of lanes) {
      const { place } = lane.target;
      if (left.get(place) !== 'left') continue;
      const begun = alert.endsAt === undefined ? undefined : key.slice(0, -RESOLVED.length);
      if (begun !== undefined && this.#open.get(begun)?.get(place) === 'left') {
        // It was over before there was room to tell that it had begun.
        this.#done(begun, place);
        this.#done(key, place);
        continue;
      }
      left.set(place, 'queued');
      if (lane.push({ key, alert })) continue;
      left.set(place, 'left');
      this.#more = true;
    }
  }

  /** Undefined where there is no room. */
  #opened(key: string, lanes: readonly Lane[]): Map<string, 'queued' | 'left'> | undefined {
    if (this.#open.size >= CAPACITY) return undefined;
    const { told } = this.#options;
    const places = lanes.map(({ target }) => target.place).filter((place) => !told.has(key, place));
    const left = new Map(places.map((place) => [place, 'left' as const]));
    this.#open.set(key, left);
    return left;
  }

  /** Queues what the ledger holds undelivered: at the start, and when there was no room. */
  async refill(always: boolean): Promise<void> {
    if (!always && !(this.#more && this.#hasRoom())) return;
    this.#more = false;
    const undelivered = await this.#options.ledger.undelivered();
    this.#options.told.keep(new Set(undelivered.map(({ key }) => key)));
    for (const crossing of undelivered) {
      const alert = readAlert(crossing.payload);
      if (alert === undefined) this.#options.events.unreadable(crossing.key);
      else this.push(crossing.key, alert);
    }
  }

  /** On a lane that was full, or in the list of all. */
  #hasRoom(): boolean {
    const waiting = new Set(
      [...this.#open.values()].flatMap((left) => [...left.keys()].filter((place) => left.get(place) === 'left')),
    );
    const lanes = [...this.#all()].filter(({ target }) => waiting.has(target.place));
    return lanes.length === 0 || lanes.some(({ size }) => size < LANE_CAPACITY / 2);
  }

  /** On the clock: what was muted is told, what holds is told again where that is wanted. Resolves when it has. */
  async sweep(): Promise<void> {
    const { firing, now } = this.#options;
    for (const lane of this.#all()) lane.review();
    if (this.#resending) return;
    this.#resending = true;
    const at = now();
    const due = Math.abs(at - this.#resent) >= RESEND_US;
    if (due) this.#resent = at;
    const alerts = firing();
    for (const lane of this.#all()) {
      if (lane.target.forgets && due) await lane.resend(alerts);
      else if (!lane.target.forgets && lane.repeats)
        await lane.repeat(alerts.filter((alert) => this.#lanesOf(alert).includes(lane)));
    }
    this.#resending = false;
  }

  /** Resolves once nothing waits to be told, but for what is muted. */
  async idle(): Promise<void> {
    for (const lane of this.#all()) await lane.idle();
    await this.#marks.idle();
  }

  /**
   * The posts under way may end; what is left is told after the next start. What was told is marked so, even if the ledger
   * hesitates: otherwise it would be told twice.
   */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#all(), (lane) => lane.stop()));
    await this.#marks.stop(0);
    for (let attempt = 0; attempt < MARK_ATTEMPTS && this.#unmarked.size > 0; attempt++) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, MARK_PAUSE_MS));
      for (const key of this.#unmarked) await this.#mark(key).catch(() => undefined);
    }
  }

  #lane(
    channel: Channel,
    route: ConstructorParameters<typeof Lane>[0]['route'],
    hiding: ConstructorParameters<typeof Lane>[0]['hiding'],
  ): Lane {
    const { now, events, deadLetters, firstPauseMs, targetOf } = this.#options;
    const target = targetOf(channel);
    const done = (key: string): void => this.#done(key, target.place);
    return new Lane({ target, route, now, hiding, events, deadLetters, done, firstPauseMs });
  }

  *#all(): Iterable<Lane> {
    yield* this.#always;
    for (const lanes of this.#lanes.values()) yield* lanes;
  }

  #lanesOf({ labels }: Alert): readonly Lane[] {
    const root = this.#options.notify?.route;
    const routed = root === undefined ? [] : routesOf(root, labels).flatMap((route) => this.#lanes.get(route) ?? []);
    return [...this.#always, ...routed];
  }

  #done(key: string, place: string): void {
    const left = this.#open.get(key);
    if (left?.delete(place) !== true) return;
    if (left.size === 0) this.#finish(key);
    else this.#options.told.add(key, place);
  }

  #finish(key: string): void {
    this.#open.delete(key);
    this.#unmarked.add(key);
    this.#marks.push(key);
  }

  async #mark(key: string | undefined): Promise<{ readonly done: number }> {
    if (key !== undefined && this.#unmarked.has(key)) {
      await this.#options.ledger.markDelivered(key);
      this.#unmarked.delete(key);
    }
    return { done: 1 };
  }
}
