import type { Exporter } from './exporters/exporter.ts';
import type { Appended, Entry, Ledger } from './ledger.ts';
import type { Counters } from './metrics.ts';
import type { TraceRequest } from './otlp/index.ts';
import { readLinks } from './otlp/links.ts';
import type { Taken } from './receivers/intake.ts';
import type { Prices } from './stages/entry.ts';
import { NOT_ENDED } from './stages/open-call.ts';
import { createOnce, type Plan } from './stages/once.ts';
import { enrichments, readSpans, type Reading } from './stages/reading.ts';
import type { Settling } from './stages/settling.ts';

/** Takes what was read of a request. */
export type Ingest = (request: TraceRequest) => Promise<Taken>;

export interface IngestOptions {
  readonly prices: Prices;
  readonly ledger: Pick<Ledger, 'append' | 'adjust'>;
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
export function createIngest({ prices, ledger, settling, exporter, observers, counters }: IngestOptions): Ingest {
  const once = createOnce();
  /** Appends that are under way: what they write can't be taken back before it is there. */
  const underWay = new Set<Promise<unknown>>();

  return async (request) => {
    const read = readSpans(request, prices);
    const plan = once.plan(read.calls);
    const reading = { ...read, calls: plan.calls, nested: plan.nested };
    const { takenBack, appended } = await commit(plan);
    const settled = await settle(request, read);
    countSpans(request, reading, appended);
    for (const observe of observers) observe([...takenBack, ...appended, ...settled]);
    const kept = appended.map(({ entry }) => newestOf(entry, settled));
    return exporter === undefined ? {} : forward(exporter, request, reading, kept);
  };

  /** First what is taken back: a process that ends in between has the better call sent to it again. */
  async function commit({
    calls,
    outdone,
    undo,
  }: Plan): Promise<{ takenBack: Appended[]; appended: readonly Appended[] }> {
    try {
      if (outdone.length > 0) await Promise.allSettled(underWay);
      const adjusted =
        outdone.length === 0
          ? []
          : await ledger.adjust(outdone.map((of) => ({ of, replacement: undefined, id: 'told by a better span' })));
      const takenBack = adjusted.flatMap(({ revisions }) => revisions);
      if (calls.length === 0) return { takenBack, appended: [] };
      const append = ledger.append(calls.map(({ entry }) => entry));
      underWay.add(append);
      try {
        return { takenBack, appended: await append };
      } finally {
        underWay.delete(append);
      }
    } catch (error) {
      undo();
      throw error;
    }
  }

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

  function countSpans(request: TraceRequest, reading: Reading, appended: readonly Appended[]): void {
    counters.add('received_spans', spansOf(request));
    counters.add('unreadable_spans', request.unreadable);
    counters.add('aggregate_spans', reading.aggregates.length);
    counters.add('duplicate_calls', reading.nested.length);
    for (const { scope } of reading.others) counters.add('other_spans', 1, scope.name);
    for (const [scope, spans] of request.passed) counters.add('other_spans', spans, scope);
    for (const { inserted, entry } of appended) {
      counters.add(inserted ? 'received_calls' : 'duplicate_calls');
      if (inserted && entry.charge.status === 'unpriced') counters.add('unpriced_calls', 1, entry.charge.reason);
    }
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
