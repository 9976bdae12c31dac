import { readCall, type CallReader } from '../dialects/index.ts';
import type { Entry } from '../ledger.ts';
import type { Additions, Span, TraceRequest } from '../otlp/request.ts';
import { additionsFor, aggregateAdditions, nestedAdditions } from './additions.ts';
import { chargedAt, chargeFor, entryFor, type Prices } from './entry.ts';
import { isMarker } from './marker.ts';
import type { Told } from './once.ts';

/** What the spans of one request are to us. Every span is in exactly one of these. */
export interface Reading {
  /** Billable calls, each with the entry that the ledger is to keep. */
  readonly calls: readonly Told[];
  /** Calls that another span tells as well, which is the one that is charged. */
  readonly nested: readonly Span[];
  /** Spans that repeat the usage of their children, with the entry that they become should they have none. */
  readonly aggregates: readonly Told[];
  readonly markers: ReadonlySet<Span>;
  /** Spans of no dialect: passed on as they are. */
  readonly others: readonly Span[];
}

/** Spans to entries: dialect, price, entry. Pure; every span gives an answer, whatever is odd about it or its neighbours. */
export function readSpans(
  { spans }: Pick<TraceRequest, 'spans'>,
  prices: Prices,
  read: CallReader = readCall,
): Reading {
  const calls: Told[] = [];
  const aggregates: Told[] = [];
  const markers = new Set<Span>();
  const others: Span[] = [];
  for (const span of spans) {
    if (isMarker(span)) {
      markers.add(span);
      continue;
    }
    const call = read(span);
    if (call === undefined) {
      others.push(span);
      continue;
    }
    const told = { span, entry: entryFor(span, call, chargeFor(call, chargedAt(span), prices)) };
    (call.kind === 'aggregate' ? aggregates : calls).push(told);
  }
  return { calls, nested: [], aggregates, markers, others };
}

/** What to splice into the request, once the ledger has answered: `kept` are its entries, in the order of `reading.calls`. */
export function enrichments(reading: Reading, kept: readonly Entry[]): ReadonlyMap<Span, Additions> {
  const additions = new Map<Span, Additions>();
  reading.calls.forEach(({ span }, index) => {
    const entry = kept[index];
    if (entry !== undefined) additions.set(span, additionsFor(entry.charge));
  });
  for (const span of reading.nested) additions.set(span, nestedAdditions);
  for (const { span } of reading.aggregates) additions.set(span, aggregateAdditions);
  return additions;
}
