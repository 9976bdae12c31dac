/** What became of an attempt: `done` items from the head of the queue are finished; `later`, none is. */
export type Outcome = { readonly done: number } | 'later';

/**
 * A bounded queue that is worked through in order, in the background. An attempt that fails is made again after a pause
 * that doubles up to `maxPauseMs`, for ever: what is queued is never given up here.
 */
export class PatientQueue<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  readonly #batch: number;
  readonly #attempt: (items: readonly T[], signal: AbortSignal) => Promise<Outcome>;
  readonly #firstPauseMs: number;
  readonly #maxPauseMs: number;
  readonly #stopping = new AbortController();
  readonly #cancelling = new AbortController();
  readonly #idleWaiters: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(options: {
    readonly capacity: number;
    /** How many items an attempt is shown at most. */
    readonly batch?: number;
    /** Rejections count as `later`. */
    readonly attempt: (items: readonly T[], signal: AbortSignal) => Promise<Outcome>;
    readonly firstPauseMs?: number;
    readonly maxPauseMs?: number;
  }) {
    this.#capacity = options.capacity;
    this.#batch = options.batch ?? 1;
    this.#attempt = options.attempt;
    this.#firstPauseMs = options.firstPauseMs ?? 1000;
    this.#maxPauseMs = options.maxPauseMs ?? 60_000;
  }

  get size(): number {
    return this.#items.length;
  }

  /** False, and nothing is taken, where the queue is full or has been stopped. */
  push(item: T): boolean {
    if (this.#items.length >= this.#capacity || this.#stopping.signal.aborted) return false;
    this.#items.push(item);
    this.#running ??= this.#run();
    return true;
  }

  /** Resolves once nothing waits. */
  async idle(): Promise<void> {
    if (this.#running === undefined) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Ends the work: what can be done at once is done, for at most `graceMs`; what fails now, and the rest, is dropped here. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    const timer = setTimeout(() => this.#cancelling.abort(), graceMs);
    await this.#running;
    clearTimeout(timer);
    this.#cancelling.abort();
  }

  async #run(): Promise<void> {
    const stopping = this.#stopping.signal;
    // Not within the call that pushed.
    await Promise.resolve();
    let pauseMs = this.#firstPauseMs;
    while (this.#items.length > 0 && !this.#cancelling.signal.aborted) {
      const outcome = await this.#try();
      if (outcome !== 'later') {
        this.#items.splice(0, outcome.done);
        pauseMs = this.#firstPauseMs;
        continue;
      }
      if (stopping.aborted) break;
      // Spread out, so that several processors do not knock at the same time.
      await pause(pauseMs * (0.75 + Math.random() / 2), stopping);
      pauseMs = Math.min(pauseMs * 2, this.#maxPauseMs);
    }
    this.#running = undefined;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  async #try(): Promise<Outcome> {
    try {
      return await this.#attempt(this.#items.slice(0, this.#batch), this.#cancelling.signal);
    } catch {
      return 'later';
    }
  }
}

/** Doesn't keep the process alive. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done, { once: true });
  });
}
