import { setTimeout as sleep } from 'node:timers/promises';
import { failed } from './contain.ts';

/** What became of one attempt to deliver. `refused`: the same items would be refused again. */
export type Delivery =
  | { readonly status: 'delivered' }
  | { readonly status: 'too_large' }
  | { readonly status: 'refused'; readonly reason: string }
  /** `busy`: the other side is there, and says that it cannot take it now. */
  | { readonly status: 'later'; readonly reason: string; readonly busy?: true; readonly afterMs?: number };

export interface OutboxOptions<Item> {
  /** Never rejects. */
  readonly send: (items: readonly Item[]) => Promise<Delivery>;
  /** Told once in the life of the process, when delivery first fails. */
  readonly warn: (reason: string) => void;
  /** Items kept while nothing can be delivered; the oldest go first. */
  readonly limit?: number;
  readonly batch?: number;
  readonly delayMs?: number;
}

const longestWait = 30_000;
const firstPauseMs = 100;

/**
 * A bounded queue of what is to be delivered. Adding is all that a call pays. Batches are sent one after another in the
 * background, without keeping the process alive; what could not be delivered is kept and tried again, ever more slowly.
 */
export class Outbox<Item> {
  /** Items that were given up: the queue was full, or they were refused. */
  lost = 0;
  readonly #options: Required<OutboxOptions<Item>>;
  #queue: Item[] = [];
  #onTheWay: readonly Item[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<boolean> | undefined;
  #wait = 0;
  /** What was said when it was last tried in vain. */
  #busy = false;
  #asked: number | undefined;
  #warned = false;

  constructor(options: OutboxOptions<Item>) {
    this.#options = { limit: 8192, batch: 512, delayMs: 1000, ...options };
  }

  get size(): number {
    return this.#queue.length;
  }

  /** For how many there is room that others do not need; none while nothing can be delivered. */
  get room(): number {
    return this.#wait > 0 ? 0 : this.#options.limit / 4 - this.#queue.length;
  }

  /** Everything that is not known to be delivered, which is then no longer here. */
  take(): Item[] {
    const items = [...this.#onTheWay, ...this.#queue.splice(0)];
    this.#onTheWay = [];
    return items;
  }

  add(item: Item): void {
    const { limit, batch, delayMs } = this.#options;
    this.#queue.push(item);
    if (this.#queue.length > limit) {
      this.#queue.shift();
      this.lost++;
    }
    if (this.#wait === 0 && this.#queue.length >= batch) this.#schedule(0);
    else if (this.#timer === undefined) this.#schedule(Math.max(delayMs, this.#wait));
  }

  /**
   * Sends what is there, until it is delivered, cannot be, or `limitMs` is over. Who is busy is asked again while there is
   * time; who is not there is not.
   */
  async flush(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, limitMs, false);
    });
    await Promise.race([this.#drainUntil(until), over]);
    clearTimeout(timer);
  }

  async #drainUntil(until: number): Promise<void> {
    // What was sent before says nothing of now.
    if (this.#sending !== undefined) await this.#sending;
    for (let pause = firstPauseMs; ; pause *= 2) {
      await this.#drain();
      const wait = this.#asked ?? pause;
      if (this.#queue.length === 0 || !this.#busy || performance.now() + wait >= until) return;
      await sleep(wait);
    }
  }

  async #drain(): Promise<void> {
    // What is on its way is not yet delivered.
    while (this.#queue.length > 0 || this.#sending !== undefined) if (!(await this.#sendNext())) return;
  }

  async #drainInBackground(): Promise<void> {
    await this.#drain();
    if (this.#queue.length > 0 && this.#timer === undefined) this.#schedule(this.#wait);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#drainInBackground().catch(failed);
    }, ms);
    this.#timer.unref();
  }

  /** One batch at a time, whoever asks. True when it is off the queue. */
  #sendNext(): Promise<boolean> {
    this.#sending ??= this.#sendBatch(this.#options.batch).finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendBatch(size: number): Promise<boolean> {
    const items = this.#queue.splice(0, size);
    this.#onTheWay = items;
    const delivery = await this.#options.send(items);
    this.#onTheWay = [];
    if (delivery.status === 'delivered') {
      this.#wait = 0;
      return true;
    }
    if (delivery.status === 'too_large' && items.length > 1) {
      this.#queue.unshift(...items);
      return this.#sendBatch(Math.ceil(items.length / 2));
    }
    const reason = delivery.status === 'too_large' ? 'a span is too large' : delivery.reason;
    if (!this.#warned) this.#options.warn(reason);
    this.#warned = true;
    if (delivery.status !== 'later') {
      this.lost += items.length;
      return true;
    }
    this.#busy = delivery.busy === true;
    this.#asked = delivery.afterMs;
    const room = Math.max(0, this.#options.limit - this.#queue.length);
    const kept = items.slice(Math.max(0, items.length - room));
    this.lost += items.length - kept.length;
    this.#queue.unshift(...kept);
    const slower = Math.min(longestWait, Math.max(this.#options.delayMs, this.#wait * 2));
    this.#wait = Math.min(2 * longestWait, delivery.afterMs ?? slower);
    return false;
  }
}
