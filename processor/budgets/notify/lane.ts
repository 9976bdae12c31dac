import type { Micros } from '../../../pricing/charge.ts';
import type { Alert } from '../alert.ts';
import type { BudgetEvents } from '../events.ts';
import { RESOLVED } from '../firing.ts';
import { PatientQueue, type Outcome } from '../patient-queue.ts';
import type { DeadLetters } from './dead-letters.ts';
import { isMuted } from './hush.ts';
import type { Route } from './settings.ts';
import type { Target } from './target.ts';

/** A crossing, or the end of one, that the ledger remembers and that this receiver is to be told of. */
export interface Notice {
  readonly key: string;
  readonly alert: Alert;
}

interface Held extends Notice {
  readonly since: Micros;
  /** Whether others are waited for, to be told with it. */
  waiting: boolean;
}

/** What a route without receivers would say: of Alertmanager, which groups and mutes itself. */
export type LaneRoute = Pick<Route, 'groupBy' | 'groupWaitUs' | 'repeatUs' | 'mute' | 'active'>;

export interface LaneOptions {
  readonly target: Target;
  readonly route: LaneRoute;
  readonly now: () => Micros;
  /** Tells of now whether another alert, or somebody, says that one needs not be told. */
  readonly hiding: (now: Micros) => (alert: Alert) => boolean;
  readonly events: BudgetEvents;
  readonly deadLetters: DeadLetters;
  /** Told once of every notice: this receiver needs it no more. */
  readonly done: (key: string) => void;
  readonly firstPauseMs: number;
}

/** Notices that wait for one receiver. The rest stay in the ledger, and are fetched when there is room. */
export const LANE_CAPACITY = 1000;
/** Alerts that wait together are told together, up to this many. */
const GROUP = 50;
/** Alerts in one post when they are told again. */
const RESENT = 500;
/** What could not be told for so long becomes a dead letter: a receiver that is gone must not fill the ledger's list. */
const PATIENCE_US: Micros = 24 * 3_600_000_000;
const GRACE_MS = 5000;

/**
 * The way to one receiver: alerts wait here for their group, and while they are muted, and are then told in order, again
 * and again until they are taken. Receivers do not wait for one another.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #queue: PatientQueue<Held>;
  readonly #held = new Map<string, Held>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #idle: (() => void)[] = [];
  #alone = false;
  /** How often an alert was told again, by its labels. */
  readonly #repeats = new Map<string, number>();
  #posting = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#queue = new PatientQueue({
      capacity: Infinity,
      batch: GROUP,
      firstPauseMs: options.firstPauseMs,
      attempt: (notices, signal) => this.#tell(notices, signal),
    });
  }

  get target(): Target {
    return this.#options.target;
  }

  /** Whether it tells again what still holds. */
  get repeats(): boolean {
    return this.#options.route.repeatUs !== undefined;
  }

  get size(): number {
    return this.#held.size + this.#queue.size;
  }

  /** False, and nothing is taken, where there is no room. */
  push(notice: Notice): boolean {
    const { target, route, now } = this.#options;
    const begun = resolvedKey(notice);
    if (begun !== undefined && this.#held.delete(begun)) {
      // It was over before anybody was told that it had begun.
      this.#options.done(begun);
      this.#options.done(notice.key);
      return true;
    }
    if (begun !== undefined && !target.sendResolved) {
      this.#options.done(notice.key);
      return true;
    }
    if (this.size >= LANE_CAPACITY) return false;
    this.#held.set(notice.key, { ...notice, since: now(), waiting: route.groupWaitUs > 0 });
    if (route.groupWaitUs > 0) this.#waitFor(groupOf(route, notice.alert));
    else this.review();
    return true;
  }

  /** Tells what needs to wait no longer. */
  review(): void {
    const { route, now, hiding } = this.#options;
    const at = now();
    const muted = isMuted(route, at);
    const isHidden = hiding(at);
    for (const held of this.#held.values()) {
      if (held.waiting || muted || (resolvedKey(held) === undefined && isHidden(held.alert))) continue;
      this.#held.delete(held.key);
      this.#queue.push(held);
    }
    if (this.#timers.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /**
   * Posts alerts that hold again, where the receiver would forget them. Not while something waits: that could be the end of
   * one of them.
   */
  async resend(alerts: readonly Alert[]): Promise<void> {
    const { target, now, events } = this.#options;
    for (let from = 0; from < alerts.length && this.#queue.size === 0; from += RESENT) {
      const delivery = await target.post(alerts.slice(from, from + RESENT), now());
      if (delivery.result === 'taken') continue;
      events.notifyFailed(target, delivery.why);
      return;
    }
  }

  /** Tells alerts that still hold again, each after every `repeat_interval` of the route. */
  async repeat(alerts: readonly Alert[]): Promise<void> {
    const { target, route, now, events, hiding } = this.#options;
    const { repeatUs } = route;
    if (repeatUs === undefined || this.#posting || this.#queue.size > 0) return;
    const at = now();
    if (isMuted(route, at)) return;
    const isHidden = hiding(at);
    const due = alerts.filter((alert) => {
      const id = JSON.stringify([alert.labels, alert.startsAt]);
      const times = Math.floor((at - Date.parse(alert.startsAt) * 1000) / repeatUs);
      // What an earlier process told is not known here: it is told again at the next turn.
      const before = this.#repeats.get(id) ?? times;
      this.#repeats.set(id, times);
      return times > before && !isHidden(alert);
    });
    if (this.#repeats.size > 2 * alerts.length + GROUP) this.#repeats.clear();
    this.#posting = true;
    const ordered = due.toSorted((a, b) => compareTexts(groupOf(route, a), groupOf(route, b)));
    for (const group of groupsOf(route, ordered)) {
      const delivery = await target.post(group, at);
      if (delivery.result !== 'taken') events.notifyFailed(target, delivery.why);
      else events.notified(target, group);
    }
    this.#posting = false;
  }

  /** Resolves once nothing waits to be told, but for what is muted. */
  async idle(): Promise<void> {
    if (this.#timers.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#queue.idle();
  }

  /** What waits for its group is told at once; the post under way may end; what is left is told after the next start. */
  async stop(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    for (const held of this.#held.values()) held.waiting = false;
    this.review();
    await this.#queue.stop(GRACE_MS);
  }

  #waitFor(group: string): void {
    if (this.#timers.has(group)) return;
    const { route } = this.#options;
    const release = (): void => {
      this.#timers.delete(group);
      for (const held of this.#held.values()) if (groupOf(route, held.alert) === group) held.waiting = false;
      this.review();
    };
    this.#timers.set(group, setTimeout(release, route.groupWaitUs / 1000).unref());
  }

  async #tell(waiting: readonly Held[], signal: AbortSignal): Promise<Outcome> {
    const { target, route, now, events, deadLetters } = this.#options;
    const group = this.#alone ? waiting.slice(0, 1) : (groupsOf(route, waiting)[0] ?? []);
    const alerts = group.map(({ alert }) => alert);
    const delivery = await target.post(alerts, now(), signal);
    if (delivery.result === 'taken') {
      this.#alone = false;
      if (delivery.note !== undefined) events.notifyPartly(target, delivery.note);
      events.notified(target, alerts);
      return this.#done(group);
    }
    const oldest = Math.min(...group.map(({ since }) => since));
    if (delivery.result === 'unwell' && now() - oldest < PATIENCE_US) {
      events.notifyFailed(target, delivery.why);
      return 'later';
    }
    // One bad alert must not take its neighbours with it: after a refusal they go one by one.
    if (delivery.result === 'refused' && group.length > 1) {
      this.#alone = true;
      return { done: 0 };
    }
    const kept = await deadLetters.keep(target.place, delivery.why, alerts, Math.floor(now() / 1000));
    events.notifyRefused(target, delivery.why, alerts, kept);
    return this.#done(group);
  }

  #done(group: readonly Notice[]): Outcome {
    for (const { key } of group) this.#options.done(key);
    return { done: group.length };
  }
}

/** The key of the crossing whose end this is; undefined for one that has begun. */
function resolvedKey({ key, alert }: Notice): string | undefined {
  return alert.endsAt === undefined ? undefined : key.slice(0, -RESOLVED.length);
}

function groupOf({ groupBy }: LaneRoute, { labels }: Alert): string {
  const names = groupBy ?? Object.keys(labels).toSorted();
  return JSON.stringify(names.map((name) => [name, labels[name] ?? '']));
}

/** Neighbours of one group, in their order, so many as are told together. */
function groupsOf<T extends Notice | Alert>(route: LaneRoute, items: readonly T[]): readonly (readonly T[])[] {
  const groups: T[][] = [];
  let last: string | undefined;
  for (const item of items) {
    const group = groupOf(route, 'alert' in item ? item.alert : item);
    const current = groups.at(-1);
    if (group === last && current !== undefined && current.length < GROUP) current.push(item);
    else groups.push([item]);
    last = group;
  }
  return groups;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
