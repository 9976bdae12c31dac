import type { Exporter } from './exporters/exporter.ts';
import type { Appended, Ledger } from './ledger.ts';
import type { Counters } from './metrics.ts';
import type { TraceRequest } from './otlp/index.ts';
import type { TraceConsumer } from './receivers/otlp-http.ts';
import type { Prices } from './stages/entry.ts';
import { enrichments, readSpans, type Reading } from './stages/reading.ts';

export interface IngestOptions {
  readonly prices: Prices;
  readonly ledger: Pick<Ledger, 'append'>;
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
export function createIngest({ prices, ledger, exporter, observers, counters }: IngestOptions): TraceConsumer {
  return async (request) => {
    const reading = readSpans(request, prices);
    const appended = reading.calls.length === 0 ? [] : await ledger.append(reading.calls.map(({ entry }) => entry));
    countSpans(request, reading, appended);
    for (const observe of observers) observe(appended);
    return exporter === undefined ? {} : forward(exporter, request, reading, appended);
  };

  async function forward(
    exporter: Exporter,
    request: TraceRequest,
    reading: Reading,
    appended: readonly Appended[],
  ): Promise<{ warning?: string | undefined }> {
    const spans = request.spans.length + request.unreadable - reading.markers.size;
    if (spans === 0) return {};
    const additions = enrichments(
      reading,
      appended.map(({ entry }) => entry),
    );
    const body = request.splice(additions, reading.markers);
    return exporter.forward({
      signal: 'traces',
      encoding: request.encoding,
      body,
      items: spans,
      original: request.splice(new Map(), reading.markers),
    });
  }

  function countSpans({ spans, unreadable }: TraceRequest, reading: Reading, appended: readonly Appended[]): void {
    counters.add('received_spans', spans.length + unreadable);
    counters.add('unreadable_spans', unreadable);
    counters.add('aggregate_spans', reading.aggregates.length);
    for (const { scope } of reading.others) counters.add('other_spans', 1, scope.name);
    for (const { inserted, entry } of appended) {
      counters.add(inserted ? 'received_calls' : 'duplicate_calls');
      if (inserted && entry.charge.status === 'unpriced') counters.add('unpriced_calls', 1, entry.charge.reason);
    }
  }
}
