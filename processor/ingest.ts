import type { CallReader } from './dialects/index.ts';
import type { Exporter } from './exporters/exporter.ts';
import type { Appended, Entry } from './ledger.ts';
import type { Counters } from './metrics.ts';
import type { TraceRequest } from './otlp/index.ts';
import { readLinks } from './otlp/links.ts';
import type { Taken } from './receivers/intake.ts';
import type { Commit } from './stages/commit.ts';
import { countCalls } from './stages/count-calls.ts';
import type { Prices } from './stages/entry.ts';
import { NOT_ENDED } from './stages/open-call.ts';
import { enrichments, readSpans, type Reading } from './stages/reading.ts';
import type { Settling } from './stages/settling.ts';

/** Takes what was read of a request. */
export type Ingest = (request: TraceRequest) => Promise<Taken>;

export interface IngestOptions {
  readonly prices: Prices;
  /** Reads spans; undefined: by the dialects that come with us. */
  readonly read?: CallReader | undefined;
  readonly commit: Commit;
  /** Holds back what can't be charged yet. */
  readonly settling: Pick<Settling, 'take'>;
  /** Undefined: spans end here. */
  readonly exporter: Exporter | undefined;
  /** Told what the ledger answered, before anything is forwarded. Must not throw. */
  readonly observers: readonly ((appended: readonly Appended[]) => void)[];
  readonly counters: Pick<Counters, 'add'>;
}

/**
 * The way of a request: read, priced, committed to the ledger, and only then sent on, so that a backend that is away costs
 * no entry, and a ledger that is away leaves nothing acknowledged.
 */
export function createIngest({
  prices,
  read: readSpan,
  commit,
  settling,
  exporter,
  observers,
  counters,
}: IngestOptions): Ingest {
  return async (request) => {
    const read = readSpans(request, prices, readSpan);
    const committed = await commit(read.calls);
    const { calls, nested, takenBack, appended } = committed;
    const reading = { ...read, calls, nested };
    const settled = await settle(request, read);
    countSpans(request, reading);
    countCalls(counters, committed, prices);
    for (const observe of observers) observe([...takenBack, ...appended, ...settled]);
    const kept = appended.map(({ entry }) => newestOf(entry, settled));
    return exporter === undefined ? {} : forward(exporter, request, reading, kept);
  };

  /** After the calls are in the ledger: who charges an aggregate meanwhile finds them there, or is found by us. */
  async function settle(request: TraceRequest, { calls, aggregates, markers }: Reading): Promise<readonly Appended[]> {
    if (calls.length === 0 && aggregates.length === 0 && markers.size === 0) return [];
    return settling.take({
      calls,
      aggregates,
      markers,
      links: (isWanted) => readLinks(request.splice(new Map()), request.encoding, isWanted),
    });
  }

  async function forward(
    exporter: Exporter,
    request: TraceRequest,
    reading: Reading,
    kept: readonly Entry[],
  ): Promise<Taken> {
    const spans = spansOf(request) - reading.markers.size;
    if (spans === 0) return {};
    const additions = enrichments(reading, kept);
    const body = request.splice(additions, reading.markers);
    return exporter.forward({
      signal: 'traces',
      encoding: request.encoding,
      body,
      items: spans,
      original: request.splice(new Map(), reading.markers),
    });
  }

  function countSpans(request: TraceRequest, reading: Reading): void {
    counters.add('received_spans', spansOf(request));
    counters.add('unreadable_spans', request.unreadable);
    counters.add('aggregate_spans', reading.aggregates.length);
    for (const { scope } of reading.others) counters.add('other_spans', 1, scope.name);
    for (const [scope, spans] of request.passed) counters.add('other_spans', spans, scope);
  }
}

/** What a call that was charged by estimate is by now. */
function newestOf(entry: Entry, settled: readonly Appended[]): Entry {
  if (entry.error !== NOT_ENDED) return entry;
  const replaced = settled.find(({ entry: { traceId, spanId, rev } }) => {
    return traceId === entry.traceId && spanId === entry.spanId && rev > 0 && rev % 2 === 0;
  });
  return replaced?.entry ?? entry;
}

function spansOf({ spans, passed, unreadable }: TraceRequest): number {
  return [...passed.values()].reduce((sum, count) => sum + count, spans.length + unreadable);
}
