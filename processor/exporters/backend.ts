import { setTimeout as sleep } from 'node:timers/promises';
import type { Deliver } from './delivery.ts';
import type { Exporter, Parcel } from './exporter.ts';
import type { Spool } from './spool/spool.ts';

export interface BackendOptions {
  readonly deliver: Deliver;
  readonly spool: Spool;
  readonly onSpooled: (parcel: Parcel, reason: string) => void;
  readonly onUnexpected: (error: unknown) => void;
  readonly times?: Partial<BackendTimes>;
}

export interface BackendTimes {
  /** How long a backend may hold up the sender of a request. */
  readonly liveMs: number;
  /** How long it may take for a parcel out of the spool. */
  readonly drainMs: number;
  /** Between two attempts: the first, doubled up to the last. */
  readonly firstWaitMs: number;
  readonly lastWaitMs: number;
}

const DEFAULTS: BackendTimes = { liveMs: 2_000, drainMs: 30_000, firstWaitMs: 1_000, lastWaitMs: 30_000 };

export interface Backend extends Exporter {
  /** Why the last request could neither be delivered nor laid into the spool; undefined while one of them works. */
  readonly failure: string | undefined;
  /** Stops draining and closes the spool; what is in it is there at the next start. */
  stop(): Promise<void>;
}

/**
 * One backend: live while it answers, else into the spool without a try, so that a backend that is away holds up nobody;
 * the spool is drained with growing pauses, and whatever it takes brings it back.
 */
export function startBackend({ deliver, spool, onSpooled, onUnexpected, times = {} }: BackendOptions): Backend {
  const { liveMs, drainMs, firstWaitMs, lastWaitMs } = { ...DEFAULTS, ...times };
  const stopping = new AbortController();
  let isAway = spool.items > 0;
  let awayBecause = 'it was away when this started';
  let wait = firstWaitMs;
  let failure: string | undefined;
  const bell = createBell();

  async function drain(): Promise<void> {
    while (!stopping.signal.aborted) {
      const parcel = await spool.next();
      if (parcel === undefined && spool.items > 0) continue;
      if (parcel === undefined) {
        isAway = false;
        await bell.heard();
        continue;
      }
      const sent = await deliver(parcel, { timeoutMs: drainMs, signal: stopping.signal });
      if (stopping.signal.aborted) return;
      if (sent.status === 'settled') {
        isAway = false;
        wait = firstWaitMs;
        await spool.taken(parcel);
        continue;
      }
      isAway = true;
      awayBecause = sent.reason;
      // Half of it at random, so that many processors do not come back at the same moment.
      const pause = Math.max(sent.retryAfterMs ?? 0, wait * (0.5 + Math.random() / 2));
      wait = Math.min(wait * 2, lastWaitMs);
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  async function drainForEver(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await drain();
      } catch (error) {
        onUnexpected(error);
        await sleep(lastWaitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }
  const draining = drainForEver();

  return {
    get failure() {
      return failure;
    },
    async forward(parcel) {
      let reason = awayBecause;
      if (!isAway) {
        const sent = await deliver(parcel, { timeoutMs: liveMs, signal: stopping.signal });
        if (sent.status === 'settled') {
          failure = undefined;
          return { warning: sent.warning };
        }
        ({ reason } = sent);
      }
      try {
        await spool.append(parcel);
        failure = undefined;
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
        throw error;
      }
      isAway = true;
      awayBecause = reason;
      onSpooled(parcel, reason);
      bell.ring();
      return {};
    },
    async stop() {
      stopping.abort();
      bell.ring();
      await draining;
      await spool.close();
    },
  };
}

/** Rung while nobody listens, it is heard by the next who does. */
function createBell(): { ring(): void; heard(): Promise<void> } {
  let isRung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      isRung = true;
      wake?.();
    },
    async heard() {
      if (!isRung) await new Promise<void>((resolve) => (wake = resolve));
      isRung = false;
    },
  };
}
