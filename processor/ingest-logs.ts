import { mayHoldCalls, readLogCall } from './dialects/logs/index.ts';
import type { Appended } from './ledger.ts';
import type { Counters } from './metrics.ts';
import { readLogs, type Span } from './otlp/index.ts';
import type { Link } from './otlp/links.ts';
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
    if (mayHoldCalls(body)) await take(readLogs(body, encoding).records);
    return relay(body, encoding);
  };

  async function take(records: readonly Span[]): Promise<void> {
    const calls: Told[] = [];
    const aggregates: Told[] = [];
    for (const span of records) {
      const call = readLogCall(span);
      if (call === undefined) continue;
      const told = { span, entry: entryFor(span, call, chargeFor(call, chargedAt(span), prices)) };
      (call.kind === 'aggregate' ? aggregates : calls).push(told);
    }
    if (calls.length === 0 && aggregates.length === 0) return;
    const committed = await commit(calls);
    const links = [...calls, ...aggregates].map(linkOf);
    const settled = await settling.take({ calls, aggregates, markers: [], links: () => links });
    countCalls(counters, committed, prices);
    for (const observe of observers) observe([...committed.takenBack, ...committed.appended, ...settled]);
  }
}

/** A record stands in the span that it was written in, under an id that we gave it. */
function linkOf({ span, entry: { traceId, spanId } }: Told): Link {
  return { traceId, spanId, parentSpanId: span.parentSpanId };
}
