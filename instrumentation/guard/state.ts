import { randomUUID } from 'node:crypto';
import { isJson } from '../apis/api.ts';
import { Accounts } from './accounts.ts';
import { KeyIndex } from './key-index.ts';
import type { Answered, Lease } from './lease.ts';
import { Leases } from './leases.ts';
import { readDelta, readSnapshot, type KeyState, type Rates, type Snapshot } from './wire.ts';

/** How much the state is worth: told within the last minute, before that, or never. */
export type Source = 'live' | 'stale' | 'none';

/** The processor says something every ten seconds. */
const STALE_MS = 60_000;
/** How often what is of no use any more is forgotten. */
const SWEEP_MS = 30_000;
const MOST_WANTED = 200;
/** No call begins under a lease for longer than this after the processor was heard that knows of it. */
const LEASE_MS = 30_000;
/** What the processor has not answered for by then. It must not take longer until it is told what a first call may have cost. */
const UNANSWERED_MS = 10_000;
/** Before the processor takes a process that it does not hear for gone, and grants what it held to others. */
const LAPSE_MS = 10 * 60_000;

export interface Clocks {
  /** Milliseconds since the Unix epoch. */
  readonly wall: () => number;
  /** Milliseconds of a clock that nobody can set. */
  readonly steady: () => number;
}
export const realClocks: Clocks = { wall: () => Date.now(), steady: () => performance.now() };

/** Everything that a guard knows of budgets. It is told by `take`, and asked on the way of a call: nothing here waits. */
export class State {
  accounts: readonly Accounts[] = [];
  /** What this process calls itself. */
  readonly instance = randomUUID();
  readonly leases = new Leases();
  /** The last event that can be resumed after. */
  lastId: string | undefined;
  /** Called when rates are needed that nobody has told. */
  onWant: () => void = () => {};
  readonly #clocks: Clocks;
  #rates = new Map<string, Rates>();
  readonly #wanted = new Map<string, true>();
  #heardMs: number | undefined;
  /** How often everything was told anew, and when the processor was heard last before that. */
  #epoch = 0;
  #heardBeforeMs = -Infinity;
  /** Of the processor's clock before ours: periods are its own. */
  #skewMs = 0;
  #starterDivisor: bigint | undefined;
  #sweptMs = 0;
  #arriving: { readonly snapshot: Snapshot; readonly keys: KeyState[] } | undefined;

  constructor(clocks: Clocks = realClocks) {
    this.#clocks = clocks;
  }

  get source(): Source {
    if (this.#heardMs === undefined) return 'none';
    return this.#clocks.steady() - this.#heardMs > STALE_MS ? 'stale' : 'live';
  }

  /** Milliseconds since the processor was heard; undefined if it never was. */
  get ageMs(): number | undefined {
    return this.#heardMs === undefined ? undefined : this.#clocks.steady() - this.#heardMs;
  }

  /** By a clock that nobody can set. */
  get steadyMs(): number {
    return this.#clocks.steady();
  }

  /** What may be spent of a leased cap before anything is granted. */
  starter(cap: bigint): bigint {
    const { ageMs } = this;
    return this.#starterDivisor === undefined || ageMs === undefined || ageMs >= LEASE_MS
      ? 0n
      : cap / this.#starterDivisor;
  }

  /** Whether calls may begin under a lease: the processor knows of it, or will at once. */
  holds(lease: Lease): boolean {
    return lease.answered === undefined
      ? this.steadyMs - lease.begunMs < UNANSWERED_MS
      : this.#unheardMs(lease.answered) < LEASE_MS;
  }

  /** Whether what a lease holds may have been granted to others, or will be. */
  isLapsed(lease: Lease): boolean {
    return lease.answered === undefined ? !this.holds(lease) : this.#unheardMs(lease.answered) >= LAPSE_MS;
  }

  /** How often everything was told anew. */
  get epoch(): number {
    return this.#epoch;
  }

  /** How long a processor was not heard that knows of what it has answered. */
  #unheardMs({ atMs, epoch }: Answered): number {
    const heardMs = epoch === this.#epoch ? this.#heardMs : epoch === this.#epoch - 1 ? this.#heardBeforeMs : undefined;
    return this.steadyMs - Math.max(atMs, heardMs ?? -Infinity);
  }

  #anew(): void {
    this.#epoch++;
    this.#heardBeforeMs = this.#heardMs ?? -Infinity;
    this.leases.retell();
  }

  #sweepLeases(): void {
    const running = new Map(this.accounts.map(({ rule, startMs }) => [rule.budget, startMs]));
    this.leases.sweep(({ key }) => running.get(key.budget) === key.startMs);
  }

  /** By the processor's clock. */
  get nowMs(): number {
    return this.#clocks.wall() + this.#skewMs;
  }

  /** Models whose rates were needed, as `provider/model`. */
  get wanted(): readonly string[] {
    return [...this.#wanted.keys()];
  }

  /** The processor is there: whatever it says, even nothing. */
  heard(): void {
    const { ageMs } = this;
    if (ageMs === undefined) return;
    if (ageMs >= LAPSE_MS) this.#anew();
    this.#heardMs = this.#clocks.steady();
    if (this.#heardMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = this.#heardMs;
    for (const accounts of this.accounts) accounts.sweep(this.nowMs);
    this.#sweepLeases();
  }

  /** Rates by the names that a call uses; asks for them where they are not known. */
  rates(provider: string, model: string): Rates | undefined {
    const key = `${provider}/${model}`;
    const known = this.#rates.get(key);
    if (known === undefined && !this.#wanted.has(key)) this.#want(provider, model, key);
    return known;
  }

  /** Models whose rates are known. */
  get models(): number {
    let priced = 0;
    for (const each of this.#rates.values()) if (each.priced) priced++;
    return priced;
  }

  /** Who sells a model, where only one is known to. */
  providerOf(model: string): string | undefined {
    let found: string | undefined;
    for (const each of this.#rates.values()) {
      if (each.model !== model || each.provider === found) continue;
      if (found !== undefined) return undefined;
      found = each.provider;
    }
    return found;
  }

  /** Takes in an event of the feed. Throws a TypeError where it cannot be read; then nothing has changed. */
  take(event: string, data: unknown, id: string | undefined): void {
    if (!isJson(data)) throw new TypeError('not an object');
    if (event === 'snapshot') this.#arriving = { snapshot: readSnapshot(data), keys: [] };
    else if (event === 'keys') this.#arriving?.keys.push(...readDelta(data).keys);
    else if (event === 'ready') this.#arrived();
    else if (event === 'delta') this.#change(readDelta(data));
    else return;
    this.lastId = id ?? this.lastId;
  }

  #arrived(): void {
    const { snapshot, keys } = this.#arriving ?? {};
    this.#arriving = undefined;
    if (snapshot === undefined || keys === undefined) return;
    const before = new Map(this.accounts.map((each) => [each.rule.budget, each]));
    this.#skewMs = snapshot.nowMs - this.#clocks.wall();
    this.#starterDivisor = snapshot.starterDivisor;
    const indexes = new Map<string, KeyIndex>();
    this.accounts = snapshot.rules.map((rule) => {
      const by = JSON.stringify(rule.by);
      const index = indexes.get(by) ?? new KeyIndex(rule.by);
      indexes.set(by, index);
      return new Accounts(rule, index, before.get(rule.budget));
    });
    this.#rates = new Map();
    this.#change({ keys, rates: snapshot.rates }, before);
    this.#anew();
    this.#heardMs = this.#clocks.steady();
  }

  #change(
    { keys, rates }: { readonly keys: readonly KeyState[]; readonly rates: readonly Rates[] },
    before?: ReadonlyMap<string, Accounts>,
  ): void {
    for (const each of rates) this.#rates.set(`${each.provider}/${each.model}`, each);
    for (const key of keys) {
      const accounts = this.accounts[key.rule];
      accounts?.tell(key, before?.get(accounts.rule.budget));
    }
  }

  #want(provider: string, model: string, key: string): void {
    if (provider === '' || model === '' || key.includes(',') || key.length > 300) return;
    if (this.#wanted.size >= MOST_WANTED) return;
    this.#wanted.set(key, true);
    if (this.#heardMs !== undefined) this.onWant();
  }
}
