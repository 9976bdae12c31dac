import type { RateCard } from '../../pricing/catalog.ts';
import type { FemtoUsd } from '../../pricing/money.ts';
import { units, type Unit } from '../../pricing/usage/units.ts';

/** Femto-USD for one token at most, by who sells it. */
export type WorstRates = (provider: string) => { readonly input: FemtoUsd; readonly output: FemtoUsd };

/** What is looked at of a catalog. */
interface Sellers {
  readonly providers: readonly {
    readonly provider: string;
    readonly models: readonly { readonly cards: readonly RateCard[] }[];
  }[];
}

/** Every card is looked at, which takes a while: once for a catalog. */
const made = new WeakMap<Sellers['providers'], WorstRates>();

/**
 * The dearest rates of input and output tokens, of whatever kind, that a provider has on any of its cards; of a provider
 * that the catalog does not know, the dearest of all. They do not depend on time, so that what was counted by them can be
 * taken back by them.
 *
 * @example worstRatesOf(catalog)('openai').output // 600_000_000_000n, as o1-pro
 */
export function worstRatesOf({ providers }: Sellers): WorstRates {
  const known = made.get(providers);
  if (known !== undefined) return known;
  const rates = read(providers);
  made.set(providers, rates);
  return rates;
}

function read(providers: Sellers['providers']): WorstRates {
  const own = new Map(
    providers.map(({ provider, models }) => [provider, dearest(models.flatMap(({ cards }) => cards))]),
  );
  const all = [...own.values()].reduce(
    (most, { input, output }) => ({ input: larger(most.input, input), output: larger(most.output, output) }),
    { input: 0n, output: 0n },
  );
  // One that sells only what others set the price of has no rates of its own.
  return (provider) => {
    const rates = own.get(provider);
    return rates === undefined || rates.output === 0n ? all : rates;
  };
}

function dearest(cards: readonly RateCard[]): { readonly input: FemtoUsd; readonly output: FemtoUsd } {
  const most = { input: 0n, output: 0n };
  for (const { rates } of cards)
    for (const [name, rate] of Object.entries(rates)) {
      const unit = units[name as Unit];
      if (unit.kind === 'token') most[unit.direction] = larger(most[unit.direction], rate);
    }
  return most;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
