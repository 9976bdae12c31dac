import { randomBytes } from 'node:crypto';
import type { Micros } from '../../pricing/charge.ts';
import type { Appended } from '../ledger.ts';
import type { Account } from './account.ts';
import { ruleMessage } from './guard-state.ts';
import { rateMessage, type ModelName, type RateMessage, type RateSources } from './guard-rates.ts';
import type { Budgets } from './index.ts';
import { STARTER_DIVISOR, type Leases } from './leases.ts';
import { isRolling, needsRevenue, type Rule } from './rule.ts';
import { drained, event, type Listener } from './server-sent-events.ts';
import { floorAt, isOutdated, keysOf, outdated, standingOf, type Look } from './standing.ts';

export interface StateFeedOptions {
  readonly budgets: Pick<Budgets, 'acting'>;
  readonly prices: RateSources;
  readonly leases: Pick<Leases, 'join' | 'leave' | 'seat' | 'seated'>;
  readonly now?: () => Micros;
  /** How long changes may wait for others. */
  readonly delayMs?: number;
  readonly heartbeatMs?: number;
  readonly maxClients?: number;
  /** Models that were called lately, as far as that is known at the start. */
  readonly models?: readonly ModelName[];
}

/** Who listens. */
export interface Guest {
  /** The event after which it has missed what there was. */
  readonly lastId?: string | undefined;
  /** Whose rates it needs, whether or not they were called. */
  readonly models?: readonly ModelName[];
  /** What it calls itself; without it, it may spend nothing that is leased. */
  readonly instance?: string | undefined;
}

export interface StateFeed {
  /** An account has changed. Does not throw. */
  changed(account: Account): void;
  /** Models that were called are models whose rates are needed. Does not throw. */
  observe(appended: readonly Appended[]): void;
  /** Tells `listener` everything, or what it has missed, and then every change, until it is closed. */
  join(listener: Listener, guest: Guest): void;
  /** Whether one more may join. */
  readonly room: boolean;
  /** Ends every connection. */
  stop(): void;
}

/** A client that has not read so much by now is cut off: it comes back and gets a snapshot. */
const MOST_UNREAD = 8 * 1024 * 1024;
/** What can be resumed. */
const MOST_EVENTS = 1000;
const MOST_MODELS = 1000;
const KEYS_A_MESSAGE = 500;
/** For how long after the last client has left it may resume. */
const MEMORY_MS = 300_000;
const CLOCK_MS = 1000;

interface Client {
  readonly listener: Listener;
  readonly instance: string | undefined;
  /** What has changed while its snapshot is on its way; undefined once it is there. */
  missed: Set<Account> | undefined;
  /** A newer snapshot makes an older one stop. */
  round: number;
}

/**
 * Tells guards how budgets stand, as server-sent events: `snapshot` (rules and rates), `keys` (many times), `ready`; then
 * `delta`. Every event that can be resumed after has an id. Only keys above the floor of their budget are told, so that
 * many customers cost little; while nobody listens it costs a set of accounts at most.
 *
 * @example feed.join(response, { lastId: request.get('last-event-id') });
 */
export function createStateFeed(options: StateFeedOptions): StateFeed {
  const { budgets, prices, leases, delayMs = 200, heartbeatMs = 10_000, maxClients = 1000 } = options;
  const now = options.now ?? ((): Micros => Date.now() * 1000);
  // Another process counts for itself.
  const epoch = randomBytes(6).toString('hex');
  const clients = new Set<Client>();
  const models = new Map<string, ModelName>();
  /** Told above their floor: what falls below it again is told too. */
  let told = new WeakSet<Account>();
  /** Of those, what may change without a call: a window moves on, a customer pays. As it was told. */
  let drifting = new Map<Account, Pick<Account, 'spent' | 'terms'>>();
  let dirty = new Set<Account>();
  let newModels: ModelName[] = [];
  let version = 0;
  let log: { readonly version: number; readonly text: string }[] = [];
  let standing = outdated;
  let flushing: NodeJS.Timeout | undefined;
  let clock: NodeJS.Timeout | undefined;
  let leftAt = 0;
  let [beaten, stopped] = [0, false];

  const look = (): Look => ({ acting: budgets.acting(), pricesOf: prices.version, seated: leases.seated, at: now() });
  const listening = (): boolean => clock !== undefined;

  function flushLater(): void {
    flushing ??= setTimeout(flush, delayMs).unref();
  }

  function flush(): void {
    clearTimeout(flushing);
    flushing = undefined;
    if (!listening()) return;
    const accounts = [...dirty].filter(isTold);
    dirty = new Set();
    const rates = ratesOf(newModels);
    newModels = [];
    const keys = keysOf(standing, accounts);
    if (keys.length === 0 && rates.length === 0) return;
    const text = event('delta', { keys, ...(rates.length === 0 ? {} : { rates }) }, nextId());
    log.push({ version, text });
    if (log.length > MOST_EVENTS) log = log.slice(-MOST_EVENTS / 2);
    for (const client of clients) {
      if (client.missed === undefined) send(client, text);
      else for (const account of accounts) client.missed.add(account);
    }
  }

  function isTold(account: Account): boolean {
    if (!told.has(account) && account.spent < floorAt(standing, account)) return false;
    told.add(account);
    const { rule, spent, terms } = account;
    if (spent !== 0n && (isRolling(rule.period) || needsRevenue(rule))) drifting.set(account, { spent, terms });
    return true;
  }

  function ratesOf(names: Iterable<ModelName>): RateMessage[] {
    return Array.from(names, (name) => rateMessage(name, prices, now()));
  }

  function nextId(): string {
    version++;
    return `${epoch}-${version}`;
  }

  function want(name: ModelName): void {
    const { provider, model } = name;
    const key = `${provider}/${model}`;
    if (model === '' || provider === '' || models.has(key) || models.size >= MOST_MODELS) return;
    models.set(key, { provider, model });
    newModels.push({ provider, model });
    // What may stand in for it has the same provider.
    for (const { rule } of standing.acting) for (const to of targets(rule)) want({ provider, model: to });
    if (listening()) flushLater();
  }

  /** Looks at everything anew: rules that were read again, a period that is over. */
  function renew(): void {
    standing = standingOf(look());
    [told, drifting, dirty, log] = [new WeakSet(), new Map(), new Set(), []];
    for (const name of models.values())
      for (const { rule } of standing.acting)
        for (const to of targets(rule)) want({ provider: name.provider, model: to });
    newModels = [];
    version++;
  }

  function tick(): void {
    if (clients.size === 0 && performance.now() - leftAt > MEMORY_MS) {
      clearInterval(clock);
      clock = undefined;
      [dirty, log] = [new Set(), []];
      return;
    }
    if (isOutdated(standing, look())) {
      renew();
      for (const client of clients) void tellAll(client);
    }
    findDrifted();
    if (performance.now() - beaten < heartbeatMs) return;
    beaten = performance.now();
    for (const client of clients) send(client, ':\n\n');
  }

  function findDrifted(): void {
    for (const [account, { spent, terms }] of drifting) {
      if (account.spent === spent && account.terms === terms) continue;
      dirty.add(account);
      // It has left the window, and may come again as another account.
      if (account.spent === 0n) drifting.delete(account);
    }
    if (dirty.size > 0) flushLater();
  }

  function send({ listener }: Client, text: string): void {
    if (listener.writableLength > MOST_UNREAD) listener.destroy();
    else if (!listener.destroyed) listener.write(text);
  }

  /** In parts, so that neither end is held up by many keys. */
  async function tellAll(client: Client): Promise<void> {
    const round = ++client.round;
    const { listener, instance } = client;
    client.missed = new Set();
    const at = now();
    const seat = instance !== undefined && leases.seat(instance);
    const rules = standing.acting.map((budget, place) => ruleMessage(budget, standing.shared[place] === true, at));
    send(
      client,
      event('snapshot', {
        now_ms: Math.floor(at / 1000),
        starter_divisor: seat ? String(STARTER_DIVISOR) : null,
        rules,
        rates: ratesOf(models.values()),
      }),
    );
    let part: Account[] = [];
    for (const { accounts } of standing.acting)
      for (const account of accounts) {
        if (!isTold(account)) continue;
        part.push(account);
        if (part.length < KEYS_A_MESSAGE) continue;
        const full = !listener.write(event('keys', { keys: keysOf(standing, part) }));
        part = [];
        if (full) await drained(listener);
        if (client.round !== round || listener.destroyed) return;
      }
    if (part.length > 0) send(client, event('keys', { keys: keysOf(standing, part) }));
    const missed = [...client.missed];
    client.missed = undefined;
    if (missed.length > 0) send(client, event('keys', { keys: keysOf(standing, missed) }));
    send(client, event('ready', {}, `${epoch}-${version}`));
  }

  function resume(client: Client, lastId: string | undefined): boolean {
    const [of, number = ''] = lastId?.split('-') ?? [];
    const from = Number(number);
    const first = log[0]?.version ?? version + 1;
    if (of !== epoch || !/^\d+$/.test(number) || from > version || from < first - 1) return false;
    for (const each of log) if (each.version > from) send(client, each.text);
    // So that the client knows that it is up to date.
    send(client, event('delta', { keys: [] }, `${epoch}-${version}`));
    return true;
  }

  for (const name of options.models ?? []) want(name);

  return {
    changed(account) {
      if (!listening() || !standing.places.has(account.rule)) return;
      // An account that keys share came into being: from now on all keys must be told apart from it.
      if (account.shared && standing.shared[standing.places.get(account.rule) ?? 0] !== true) standing = outdated;
      dirty.add(account);
      flushLater();
    },
    observe(appended) {
      for (const { entry, inserted } of appended) {
        if (!inserted) continue;
        want({ provider: entry.sentProvider, model: entry.sentModel });
        want(entry.dimensions);
      }
    },
    join(listener, { lastId, models: names = [], instance }) {
      if (stopped) listener.end();
      if (stopped) return;
      const client: Client = { listener, instance, missed: undefined, round: 0 };
      if (clock === undefined || isOutdated(standing, look())) {
        clock ??= setInterval(tick, CLOCK_MS).unref();
        renew();
        for (const each of clients) void tellAll(each);
      }
      for (const name of names) want(name);
      clients.add(client);
      if (instance !== undefined) leases.join(instance);
      listener.once('close', () => {
        clients.delete(client);
        if (instance !== undefined) leases.leave(instance);
        leftAt = performance.now();
      });
      send(client, 'retry: 1000\n\n');
      // One that has lost its seat must hear of it.
      const seated = instance === undefined || leases.seat(instance);
      if (!seated || !resume(client, lastId)) void tellAll(client);
    },
    get room() {
      return clients.size < maxClients;
    },
    stop() {
      stopped = true;
      clearInterval(clock);
      clearTimeout(flushing);
      for (const { listener } of clients) listener.end();
      clients.clear();
    },
  };
}

function targets({ thresholds }: Rule): readonly string[] {
  return thresholds.flatMap(({ action }) => (action?.kind === 'throttle' ? [action.to] : []));
}
