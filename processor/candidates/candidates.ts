import type { Catalog, Model } from '../../pricing/catalog.ts';
import type { ChargeLine, Micros } from '../../pricing/charge.ts';
import type { FemtoUsd } from '../../pricing/money.ts';
import type { PriceBook } from '../../pricing/price.ts';
import { fromDisjoint } from '../../pricing/usage/usage.ts';
import type { Unit } from '../../pricing/usage/units.ts';
import { isOffered } from './offered.ts';

/** What a feature used of one model. */
export interface Use {
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
  readonly cost: FemtoUsd;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Input and output of the largest call that was looked at; undefined where none was. */
  readonly largest: number | undefined;
}

export interface Candidate {
  readonly provider: string;
  readonly model: string;
  readonly contextWindow: number;
  readonly priceId: string;
  /** What the same tokens would have cost. */
  readonly cost: FemtoUsd;
  /** Sums to `cost`. */
  readonly lines: readonly ChargeLine[];
}

export interface Market {
  readonly catalog: Pick<Catalog, 'providers'>;
  readonly prices: Pick<PriceBook, 'price'>;
  readonly now: Micros;
}

/**
 * Models of the same provider, so without another contract, that would have cost less for the same tokens and whose context
 * holds the largest call, the cheapest first. All
 * input is taken at the full rate, since a cache does not move along, and at the rate of the largest call. Nothing is said
 * of what they answer. A model whose context is not known is none.
 *
 * @example cheaperModels(use, { catalog, prices, now })[0]?.model // 'gpt-4.1-nano'
 */
export function cheaperModels(use: Use, market: Market): readonly Candidate[] {
  if (use.outputTokens === 0 || use.inputTokens === 0) return [];
  const needed = use.largest ?? windowOf(use, market.catalog);
  if (needed === undefined) return [];
  const { provider } = use;
  const found = modelsOf(provider, market.catalog).flatMap((model) => {
    const { model: name, context_window: contextWindow } = model;
    if (contextWindow === undefined || contextWindow < needed || !isOffered(provider, name)) return [];
    if (name === use.model) return [];
    const priced = costOf(use, needed, provider, name, market);
    return priced === undefined || priced.cost >= use.cost ? [] : [{ provider, model: name, contextWindow, ...priced }];
  });
  return found.toSorted((a, b) => (a.cost === b.cost ? a.model.localeCompare(b.model) : a.cost < b.cost ? -1 : 1));
}

/** Its own models and those that it resells. */
function modelsOf(provider: string, { providers }: Market['catalog']): readonly Model[] {
  const seller = providers.find((each) => each.provider === provider);
  if (seller === undefined) return [];
  const resold = providers.filter((each) => seller.resells.includes(each.provider));
  return [seller, ...resold].flatMap(({ models }) => models);
}

/** What certainly held every call: the context of the model that answered them. */
function windowOf({ provider, model }: Use, catalog: Market['catalog']): number | undefined {
  return modelsOf(provider, catalog).find((each) => each.model === model)?.context_window;
}

function costOf(
  { inputTokens, outputTokens, calls }: Use,
  prompt: number,
  provider: string,
  model: string,
  { prices, now }: Market,
): Pick<Candidate, 'cost' | 'lines' | 'priceId'> | undefined {
  const usage = fromDisjoint({ input: prompt, output: 1 }, 'reported');
  const charge = prices.price({ provider, model, at: now, tier: 'standard', region: undefined, usage });
  // A card of no rates is a model that is given away for a while, or one that nobody has priced.
  if (charge.status !== 'priced' || charge.amount === 0n) return undefined;
  const quantities: Readonly<Partial<Record<Unit, number>>> = {
    input: inputTokens,
    output: outputTokens,
    request: calls,
  };
  const lines = charge.lines.map(({ unit, rate }): ChargeLine => {
    const quantity = quantities[unit] ?? 0;
    return { unit, quantity, rate, amount: BigInt(quantity) * rate };
  });
  return { lines, cost: lines.reduce((sum, { amount }) => sum + amount, 0n), priceId: charge.priceId };
}
