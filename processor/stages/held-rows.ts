import type { Micros } from '../../pricing/charge.ts';
import type { Entry, EntryKey } from '../ledger.ts';
import type { Span } from '../otlp/request.ts';
import type { Held } from '../window.ts';
import { entryOf, entryText } from './entry-text.ts';

/** A processor that ended in the middle of a sweep is followed by another after this long. */
export const LEASE: Micros = 30_000_000;

/** What an aggregate is kept as: its parent, and what it is charged for should nothing billable be below it. */
export interface AggregateBody {
  readonly parent: string;
  readonly entry: Entry;
}

/** The row of an aggregate that waits until `dueUs` for what it repeats. */
export function heldAggregate({ parentSpanId }: Span, entry: Entry, dueUs: Micros): Held {
  const body = JSON.stringify({ parent: parentSpanId, entry: entryText(entry) });
  const times = { startUs: entry.startUs, endUs: entry.startUs + entry.durationUs, dueUs };
  return { ...keyOf(entry), kind: 'aggregate', state: 'waiting', ...times, body };
}

const bodies = new WeakMap<Held, AggregateBody>();

/** What `heldAggregate` wrote. */
export function bodyOf(row: Held): AggregateBody {
  const known = bodies.get(row);
  if (known !== undefined) return known;
  const { parent, entry } = JSON.parse(row.body) as { readonly parent: string; readonly entry: string };
  const body = { parent, entry: entryOf(entry) };
  bodies.set(row, body);
  return body;
}

/** Of an entry, or of the row that holds one. */
export function keyOf({ traceId, spanId, startUs }: Omit<EntryKey, 'rev'>): Omit<EntryKey, 'rev'> {
  return { traceId, spanId, startUs };
}
