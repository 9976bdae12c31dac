import type { Logger } from 'pino';
import type { Micros } from '../../pricing/charge.ts';
import { otlpHttpSender, type OtlpHttpTarget } from '../exporters/otlp-http.ts';
import { atMostEvery } from '../log.ts';
import type { Counters } from '../metrics.ts';
import type { Point, Starts } from './exposition.ts';
import { otlpMetrics } from './otlp.ts';

export interface MetricsPush extends Pick<OtlpHttpTarget, 'endpoint' | 'headers'> {
  readonly intervalMs: number;
}

export interface PushOptions {
  readonly target: MetricsPush;
  /** Tells this processor's series from another's; the same after a restart, as its counters go on. */
  readonly instance: string;
  readonly points: (now: Micros) => Iterable<Point>;
  readonly starts: () => Promise<Starts>;
  readonly counters: Pick<Counters, 'add'>;
  readonly log: Pick<Logger, 'warn'>;
  readonly now?: () => Micros;
}

const TIMEOUT_MS = 10_000;
const COMPLAIN_MS = 60_000;

export interface Pusher {
  /** Sends what stands now, once more, and ends. */
  stop(): Promise<void>;
}

/**
 * Sends every metric to an OTLP/HTTP backend, every `intervalMs` and at the stop. Sums are cumulative: what could not be
 * sent is in the next ones, so nothing is tried again or kept.
 *
 * @example const pusher = startPush({ target, instance: 'host:9464', points, starts, counters, log })
 */
export function startPush(options: PushOptions): Pusher {
  const { target, instance, points, starts, counters, log, now = () => Date.now() * 1000 } = options;
  const sender = otlpHttpSender(target);
  const complain = atMostEvery(COMPLAIN_MS);
  let sending: Promise<void> | undefined;

  async function push(): Promise<void> {
    try {
      const at = now();
      const list = [...points(at)];
      const body = Buffer.from(otlpMetrics(list, await starts(), at, instance));
      const parcel = { signal: 'metrics', encoding: 'json', body, items: list.length } as const;
      const outcome = await sender.send(parcel, { timeoutMs: TIMEOUT_MS });
      if (outcome.status !== 'delivered') failed(outcome.reason);
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
    }
  }

  function failed(reason: string): void {
    counters.add('metrics_push_failures');
    complain((left) => log.warn({ reason, left_out: left }, 'metrics were not taken; the next ones hold them too'));
  }

  // A backend that is slower than the interval is not sent two at a time.
  const tick = (): Promise<void> => (sending ??= push().finally(() => (sending = undefined)));
  const timer = setInterval(() => void tick(), target.intervalMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await sending;
      await push();
      sender.close();
    },
  };
}
