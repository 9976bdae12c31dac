import type { Counters } from '../metrics.ts';
import type { Committed } from './commit.ts';

/** Counts what the ledger said of calls, in whatever signal they came. */
export function countCalls(counters: Pick<Counters, 'add'>, { appended, nested }: Committed): void {
  counters.add('duplicate_calls', nested.length);
  for (const { inserted, entry } of appended) {
    counters.add(inserted ? 'received_calls' : 'duplicate_calls');
    if (inserted && entry.charge.status === 'unpriced') counters.add('unpriced_calls', 1, entry.charge.reason);
  }
}
