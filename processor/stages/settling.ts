import type { Micros } from '../../pricing/charge.ts';
import type { Appended, Ledger } from '../ledger.ts';
import type { Counters } from '../metrics.ts';
import type { Span } from '../otlp/request.ts';
import { createAggregates, type Related } from './aggregates.ts';
import type { Prices } from './entry.ts';
import { LEASE } from './held-rows.ts';
import { createOpenCalls } from './open-calls.ts';

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
/** Rows that a sweep takes at a time. */
const LIMIT = 500;

export interface SettlingOptions {
  readonly ledger: Pick<Ledger, 'append' | 'adjust' | 'find' | 'window'>;
  readonly prices: Prices;
  readonly counters: Pick<Counters, 'add'>;
  /** Told what a sweep wrote. Must not throw. */
  readonly observe: (appended: readonly Appended[]) => void;
  readonly now?: () => Micros;
  /** How long an aggregate waits for what it repeats. */
  readonly settleUs?: Micros;
  /** How long a call may be open. */
  readonly openUs?: Micros;
  /** How long what was charged is remembered, to be taken back. */
  readonly keepUs?: Micros;
}

/**
 * What one request holds for the window, once its calls are in the ledger: every call that was told, those included that
 * another span tells better.
 */
export interface Arrived extends Related {
  readonly markers: Iterable<Span>;
}

export interface Settling {
  /**
   * Holds back what is to be held, and puts right what was charged too early. To be awaited before the request is
   * acknowledged. Answers the revisions that it wrote.
   */
  take(arrived: Arrived): Promise<readonly Appended[]>;
  /** Charges or forgets what is due. */
  sweep(): Promise<void>;
}

/**
 * Charges what carries usage and is no call of its own, agents and workflows, when nothing billable below it came in time;
 * and calls that were announced and never ended, by estimate. What comes later after all takes that back, or replaces it.
 *
 * Everything that is held is in the ledger's window before it is acknowledged. Whoever writes looks afterwards whether the
 * other side wrote meanwhile: a call first enters the ledger and then asks for charged aggregates, an aggregate is first
 * charged and then asks for calls. So one of the two sees the other, whichever processes they came to.
 */
export function createSettling({
  ledger,
  prices,
  counters,
  observe,
  now = () => Date.now() * 1000,
  settleUs = 2 * MINUTE,
  openUs = 15 * MINUTE,
  keepUs = 24 * HOUR,
}: SettlingOptions): Settling {
  const { window } = ledger;
  const aggregates = createAggregates({ ledger, counters, startedAt: now(), settleUs, keepUs });
  const openCalls = createOpenCalls({ ledger, prices, counters, openUs, keepUs });
  let sweeping = false;

  return {
    async take(arrived) {
      const at = now();
      const { calls, markers } = arrived;
      const waiting = aggregates.toHold(arrived, at);
      const held = [...waiting, ...openCalls.toHold(markers, calls, at)];
      if (held.length > 0) await window.hold(held);
      aggregates.listenFor(waiting, at);
      if (calls.length === 0) return [];
      const rows = await window.ofTraces([...new Set(calls.map(({ entry }) => entry.traceId))]);
      if (rows.length === 0) return [];
      return [...(await aggregates.meet(rows, calls)), ...(await openCalls.end(rows, calls))];
    },
    async sweep() {
      if (sweeping) return;
      sweeping = true;
      try {
        for (let more = true; more;) {
          const at = now();
          const due = await window.claim({ now: at, until: at + LEASE, limit: LIMIT });
          more = due.length === LIMIT;
          await window.release(due.filter(({ state }) => state === 'charged'));
          const rows = due.filter(({ state }) => state !== 'charged');
          for (const [kind, held] of [['aggregate', aggregates] as const, ['open', openCalls] as const]) {
            const ofKind = rows.filter((row) => row.kind === kind);
            const written = await held.sweep(ofKind, at);
            if (written.length > 0) observe(written);
          }
        }
      } finally {
        sweeping = false;
      }
    },
  };
}
