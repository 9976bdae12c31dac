import { mayHoldCalls, readLogCall } from './dialects/logs/index.ts';
import type { Appended } from './ledger.ts';
import type { Counters } from './metrics.ts';
import { readLogs } from './otlp/index.ts';
import type { Consume } from './receivers/intake.ts';
import type { Commit } from './stages/commit.ts';
import { countCalls } from './stages/count-calls.ts';
import { chargedAt, chargeFor, entryFor, type Prices } from './stages/entry.ts';
import type { Told } from './stages/once.ts';
import type { Settling } from './stages/settling.ts';

export interface LogIngestOptions {
  readonly prices: Prices;
  readonly commit: Commit;
  readonly settling: Pick<Settling, 'take'>;
  /** Hands the request on as it came. */
  readonly relay: Consume;
  readonly observers: readonly ((appended: readonly Appended[]) => void)[];
  readonly counters: Pick<Counters, 'add'>;
}

/**
 * The way of log records: those that say what a call used become entries, as spans do, and the request is handed on
 * unchanged. Requests without a word of an emitter that we read are not looked into.
 */
export function createLogIngest(options: LogIngestOptions): Consume {
  const { prices, commit, settling, relay, observers, counters } = options;
  return async (body, encoding) => {
    if (mayHoldCalls(body)) {
      const calls = readLogs(body, encoding).records.flatMap((record): Told[] => {
        const call = readLogCall(record);
        if (call === undefined) return [];
        return [{ span: record, entry: entryFor(record, call, chargeFor(call, chargedAt(record), prices)) }];
      });
      if (calls.length > 0) {
        const committed = await commit(calls);
        const settled = await settling.take({ calls, aggregates: [], markers: [], links: () => [] });
        countCalls(counters, committed, prices);
        for (const observe of observers) observe([...committed.takenBack, ...committed.appended, ...settled]);
      }
    }
    return relay(body, encoding);
  };
}
