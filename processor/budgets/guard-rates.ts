import type { Catalog } from '../../pricing/catalog.ts';
import type { Micros } from '../../pricing/charge.ts';
import type { PriceBook } from '../../pricing/price.ts';
import type { Unit } from '../../pricing/usage/units.ts';
import { fromDisjoint, type Counts } from '../../pricing/usage/usage.ts';
import type { Ledger } from '../ledger.ts';
import { worstRatesOf } from './worst-rates.ts';

export interface RateSources {
  readonly price: PriceBook['price'];
  readonly version: string;
  /** Undefined: contexts are not told. */
  readonly catalog?: Pick<Catalog, 'providers'>;
}

/** What a guard needs to reserve for a call: femto-USD for one unit, as text. */
export interface RateMessage extends ModelName {
  /** What the ledger calls it, and matchers see. */
  readonly as: ModelName;
  readonly units: Readonly<Partial<Record<Unit, string>>>;
  /** False: it has no price, and `units` are what it may cost at most. */
  readonly priced: boolean;
  /** Tokens that a call may have in all; null where that is not known. */
  readonly context: number | null;
}

export interface ModelName {
  readonly provider: string;
  readonly model: string;
}

/** The models that were called in the last 30 days, the dearest first. */
export async function recentModels(ledger: Pick<Ledger, 'costs'>, now: Micros): Promise<readonly ModelName[]> {
  const from = now - 30 * 86_400_000_000;
  const rows = await ledger.costs({ by: ['provider', 'model'], where: [], from, to: now, timezone: 'UTC' });
  return rows
    .toSorted((a, b) => Number(b.cost - a.cost))
    .map(({ values: { provider = '', model = '' } }) => ({ provider, model }));
}

/** What language models bill; anything else is known when the processor has it. */
const asked: readonly Counts[] = [
  { input: 1 },
  { output: 1 },
  { cache_read: 1 },
  { cache_write: 1 },
  { cache_write_5m: 1 },
  { cache_write_1h: 1 },
  { reasoning: 1 },
];

/**
 * The rates of a model by a name that spans use. A model that has a price, but none for tokens, has no units.
 *
 * @example rateMessage({ provider: 'openai', model: 'gpt-4o' }, prices, now)?.units.input // '2500000000'
 */
export function rateMessage({ provider, model }: ModelName, prices: RateSources, now: Micros): RateMessage {
  const units: Partial<Record<Unit, string>> = {};
  let known: ModelName | undefined;
  for (const counts of asked) {
    const usage = fromDisjoint(counts, 'reported');
    const charge = prices.price({ provider, model, at: now, tier: 'standard', region: undefined, usage });
    if (charge.status !== 'priced') {
      if (charge.reason === 'unknown_unit') known ??= { provider, model };
      continue;
    }
    known = { provider: charge.provider, model: charge.model };
    for (const { unit, rate } of charge.lines) units[unit] = String(rate);
  }
  if (known === undefined) return unpricedMessage({ provider, model }, prices);
  return { provider, model, as: known, units, priced: true, context: contextOf(known, prices.catalog) };
}

function unpricedMessage(name: ModelName, { catalog }: RateSources): RateMessage {
  const { input, output } = worstRatesOf(catalog ?? { providers: [] })(name.provider);
  return { ...name, as: name, units: { input: String(input), output: String(output) }, priced: false, context: null };
}

function contextOf({ provider, model }: ModelName, catalog: RateSources['catalog']): number | null {
  const seller = catalog?.providers.find((each) => each.provider === provider);
  const sellers = catalog?.providers.filter((each) => each === seller || seller?.resells.includes(each.provider));
  const models = sellers?.flatMap(({ models }) => models.filter((each) => each.model === model)) ?? [];
  return models[0]?.context_window ?? null;
}
