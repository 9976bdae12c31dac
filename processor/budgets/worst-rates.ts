import type { Catalog, RateCard } from '../../pricing/catalog.ts';
import type { FemtoUsd } from '../../pricing/money.ts';

/** Femto-USD for one token at most, by who sells it. */
export type WorstRates = (provider: string) => { readonly input: FemtoUsd; readonly output: FemtoUsd };

/**
 * The dearest rates of input and output that a provider has on any of its cards; of a provider that the catalog does not
 * know, the dearest of all. They do not depend on time, so that what was counted by them can be taken back by them.
 *
 * @example worstRatesOf(catalog)('openai').output // 1_200_000_000_000n
 */
export function worstRatesOf({ providers }: Pick<Catalog, 'providers'>): WorstRates {
  const dearest = (cards: readonly RateCard[], unit: 'input' | 'output'): FemtoUsd =>
    cards.reduce((most, { rates: { [unit]: rate = 0n } }) => (rate > most ? rate : most), 0n);
  const rates = (cards: readonly RateCard[]): ReturnType<WorstRates> => ({
    input: dearest(cards, 'input'),
    output: dearest(cards, 'output'),
  });
  const cardsOf = (provider: Catalog['providers'][number]): readonly RateCard[] =>
    provider.models.flatMap(({ cards }) => cards);
  const known = new Map(providers.map((each) => [each.provider, rates(cardsOf(each))]));
  const all = rates(providers.flatMap(cardsOf));
  // One that sells only what others set the price of has no rates of its own.
  return (provider) => {
    const own = known.get(provider);
    return own === undefined || own.output === 0n ? all : own;
  };
}
