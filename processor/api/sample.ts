import { inputTokens, outputTokens } from '../../pricing/index.ts';
import { signOf, type CostQuery, type Entry, type LedgerReader } from '../ledger.ts';

/** Enough to see what is usual; few enough to be read at once, however many there are. */
const NEWEST = 2_000;

/** The newest calls of a range that stand, for what sums don't tell. With fewer calls than that, all of them. */
export async function newestCalls(
  ledger: Pick<LedgerReader, 'entries'>,
  { from, to, where }: Pick<CostQuery, 'from' | 'to' | 'where'>,
): Promise<readonly Entry[]> {
  const found = await ledger.entries({ from, to, where, limit: NEWEST });
  const newest = new Map<string, Entry>();
  for (const entry of found) {
    const key = `${entry.traceId}/${entry.spanId}`;
    if ((newest.get(key)?.rev ?? -1) < entry.rev) newest.set(key, entry);
  }
  return [...newest.values()].filter((entry) => signOf(entry) === 1);
}

/** All tokens of a call: what a context has to hold. */
export function tokensOf({ counts }: Pick<Entry, 'counts'>): number {
  return inputTokens(counts) + outputTokens(counts);
}
