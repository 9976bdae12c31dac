import type { Settling } from './settling.ts';

const LEAST_MS = 1_000;
const MOST_MS = 10_000;

/**
 * Sweeps again and again, the next time only when the last one is through: often enough that nothing waits much longer
 * than it has to.
 */
export function startSweeps(
  settling: Pick<Settling, 'sweep'>,
  { settleUs, onError }: { readonly settleUs: number; readonly onError: (error: unknown) => void },
): { stop(): Promise<void> } {
  const pause = Math.min(MOST_MS, Math.max(LEAST_MS, settleUs / 10_000));
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;

  function later(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      running = settling.sweep().catch(onError).finally(later);
    }, pause);
    timer.unref();
  }

  later();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
