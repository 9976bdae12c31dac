import { toNumberUsd } from '../../pricing/money.ts';
import type { ServiceTier } from '../../pricing/charge.ts';
import type { Entry } from '../ledger.ts';
import type { Counters } from '../metrics.ts';
import type { Committed } from './commit.ts';
import type { Prices } from './entry.ts';

/** Counts what the ledger said of calls, in whatever signal they came. */
export function countCalls(
  counters: Pick<Counters, 'add'>,
  { appended, nested }: Committed,
  prices: Pick<Prices, 'price'>,
): void {
  counters.add('duplicate_calls', nested.length);
  counters.add('nested_calls', nested.length);
  for (const { inserted, entry } of appended) {
    counters.add(inserted ? 'received_calls' : 'duplicate_calls');
    if (inserted && entry.charge.status === 'unpriced') counters.add('unpriced_calls', 1, entry.charge.reason);
    if (inserted) countGap(counters, entry, prices);
  }
}

/** A gap that grows is news: a price has changed, or usage is misread. */
function countGap(counters: Pick<Counters, 'add'>, entry: Entry, prices: Pick<Prices, 'price'>): void {
  const { charge, sentProvider, sentModel, region, counts, basis, startUs } = entry;
  if (charge.status !== 'priced' || !charge.priceId.startsWith('reported/') || sentModel === '') return;
  const ours = prices.price({
    provider: sentProvider === '' ? undefined : sentProvider,
    model: sentModel,
    at: startUs,
    tier: entry.dimensions.tier as ServiceTier,
    region: region === '' ? undefined : region,
    usage: { status: 'known', counts, basis },
  });
  if (ours.status !== 'priced') return;
  const gap = charge.amount - ours.amount;
  if (gap !== 0n) counters.add('reported_gap', toNumberUsd(gap < 0n ? -gap : gap), gap < 0n ? 'below' : 'above');
}
