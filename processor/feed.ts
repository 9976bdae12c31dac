import type { Appended } from './ledger.ts';

/**
 * What others add to a ledger that several processes share: each revision once, and none that this process was told of by its
 * own `append` and `adjust`. Kept in memory: what was there at the start is read from the sums.
 */
export interface Feed {
  /** From now until `unpin` all reads answer as of this moment, and news begin after it. For what is read at the start. */
  pin(): Promise<void>;
  unpin(): void;
  /**
   * Hands over what was added since the last time, if there is any; once, whatever happens afterwards. Rejects with
   * `ledger_unavailable`; nothing is lost, the next time has it.
   */
  next(take: (added: readonly Appended[]) => void): Promise<void>;
}

/**
 * Asks again and again.
 *
 * @returns stops it; resolves when what has begun is done
 * @example const stop = followFeed(feed, { everyMs: 1_000, take: (added) => budgets.observe(added), onError: log.error });
 */
export function followFeed(
  feed: Feed,
  options: {
    readonly everyMs: number;
    readonly take: (added: readonly Appended[]) => void;
    readonly onError: (error: unknown) => void;
  },
): () => Promise<void> {
  const { everyMs, take, onError } = options;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = feed.next(take).catch(onError).then(again);
    }, everyMs).unref();
  };
  again();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
