import type { Appended } from './ledger.ts';

/** Takes in what was added; what throws is not asked again. */
export type Take = (added: readonly Appended[]) => void;

/**
 * What others add to a ledger that several processes share: each revision once, and none that this process was told of by its
 * own `append` and `adjust`. Kept in memory: what was there at the start is read from the sums.
 */
export interface Feed {
  /**
   * Hands over what was added up to now; until `unpin` all reads answer as of this moment, and the next news begin after it. For
   * sums that are read once and kept up with news.
   */
  pin(take: Take): Promise<void>;
  unpin(): void;
  /**
   * Hands over what was added since the last time, if there is any; nothing while reads are pinned. Rejects with
   * `ledger_unavailable`; nothing is lost, the next time has it.
   */
  next(take: Take): Promise<void>;
}

/**
 * Does work that reads sums, from one moment, after which news begin.
 *
 * @example await pinned(ledger.feed, observe, () => budgets.start());
 */
export async function pinned<T>(feed: Feed | undefined, take: Take, work: () => Promise<T>): Promise<T> {
  await feed?.pin(take);
  try {
    return await work();
  } finally {
    feed?.unpin();
  }
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
    readonly take: Take;
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
