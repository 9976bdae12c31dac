/** What a provider says that a call cost, beside what we say. */
import type { Charge } from './charge.ts';
import type { FemtoUsd } from './money.ts';

export interface Compared {
  /** The provider's figure wins: it is what will be billed. */
  readonly charge: Charge;
  /** The provider's figure less ours; undefined where we have none. To be counted, for a gap that grows is news. */
  readonly gap: FemtoUsd | undefined;
}

/**
 * The charge of a call whose provider reported a cost. The sum is the provider's, so it has one line; the card that we would
 * have used keeps its place in the id, so that the gap can be explained.
 *
 * @example compareReported(book.price(query), 950_000n, { provider: 'openrouter', model: 'openai/gpt-4o' }, book.version)
 */
export function compareReported(
  ours: Charge,
  reported: FemtoUsd,
  who: { readonly provider: string; readonly model: string },
  priceVersion: string,
): Compared {
  const { provider, model } = ours.status === 'priced' ? ours : who;
  const charge: Charge = {
    status: 'priced',
    amount: reported,
    lines: [{ unit: 'request', quantity: 1, rate: reported, amount: reported }],
    source: 'provider',
    priceId: ours.status === 'priced' ? `reported/${ours.priceId}` : `reported/${provider}/${model}`,
    priceVersion,
    provider,
    model,
  };
  return { charge, gap: ours.status === 'priced' ? reported - ours.amount : undefined };
}
