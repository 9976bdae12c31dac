/**
 * What an account pays instead of list prices: names of its own, agreed rates and discounts, models that it runs itself,
 * data APIs, rates in other currencies. A contract lies over a price book; what it doesn't mention is billed at list.
 */
import type { Micros, PriceQuery, UnpricedCharge } from './charge.ts';
import type { Commitment, VolumeDiscount } from './settle.ts';
import { providerName } from './model-id.ts';
import type { FemtoUsd } from './money.ts';
import { matches } from './pattern.ts';
import { chargeFor, countsOf, unpriced, type Found, type ListBook, type PriceBook } from './price.ts';
import type { ServiceTier } from './usage/tier.ts';
import type { Unit } from './usage/units.ts';

export interface Contract {
  /** Names the content, as the catalog's version does. */
  readonly version: string;
  readonly aliases: readonly Alias[];
  readonly terms: readonly Term[];
  readonly commitments: readonly Commitment[];
  readonly volumes: readonly VolumeDiscount[];
}

/** A deployment, an ARN or any other name of the account's own, and what it stands for. */
export interface Alias {
  /** Any provider where it is missing. */
  readonly provider?: string;
  readonly name: string;
  readonly is: { readonly provider: string; readonly model: string; readonly region?: string };
}

/** Agreed rates or a discount for the models that fit, for a time. */
export interface Term {
  readonly id: string;
  readonly provider?: string;
  readonly model: string;
  readonly tier?: ServiceTier;
  readonly region?: string;
  readonly from?: Micros;
  readonly until?: Micros;
  readonly price: TermPrice;
}

export type TermPrice =
  /** USD for one unit; other units at list. */
  | { readonly kind: 'rates'; readonly rates: Readonly<Partial<Record<Unit, FemtoUsd>>> }
  /** In hundredths of a percent off list: 12.5 % is 1250. */
  | { readonly kind: 'off'; readonly off: bigint }
  /** In another currency: by month, because exchange rates are stored by the month and never taken for a single call. */
  | { readonly kind: 'foreign'; readonly currency: string; readonly months: ReadonlyMap<string, TermRates> };

type TermRates = Readonly<Partial<Record<Unit, FemtoUsd>>>;

/**
 * The book with the contract over it. Versions of both stand in every charge.
 *
 * @example withContract(book, contract).price({ provider: undefined, model: 'acme-13b', … }) // source 'contract'
 */
export function withContract(book: ListBook, contract: Contract): PriceBook {
  const version = `${book.version}+${contract.version}`;
  return {
    version,
    checked: book.checked,
    models: book.models,
    price(asked) {
      const counts = countsOf(asked.usage);
      if ('status' in counts) return counts;
      const query = resolveAlias(contract.aliases, asked);
      if ('status' in query) return query;
      const term = bestTerm(contract.terms, query);
      const list = book.find(query);
      if (term === undefined) return 'status' in list ? list : chargeFor(counts.counts, list, 'list', version);
      const found = applyTerm(term, query, list);
      return 'status' in found ? found : chargeFor(counts.counts, found, 'contract', version);
    },
  };
}

function resolveAlias(aliases: readonly Alias[], query: PriceQuery): PriceQuery | UnpricedCharge {
  const provider = query.provider === undefined ? undefined : providerName(query.provider);
  const fits = aliases.filter(
    (alias) =>
      (alias.provider === undefined || provider === undefined || alias.provider === provider) &&
      matches([alias.name], query.model),
  );
  const plain = fits.filter(({ name }) => name.toLowerCase() === query.model.toLowerCase());
  const targets = plain.length > 0 ? plain : fits;
  const [only] = targets;
  if (only === undefined) return query;
  const meant = new Set(targets.map(({ is }) => `${is.provider}/${is.model} ${is.region ?? ''}`));
  if (meant.size > 1)
    return unpriced(
      'ambiguous_deployment',
      `"${query.model}" may be ${[...meant].map((name) => name.trim()).join(' or ')}`,
    );
  return { ...query, provider: only.is.provider, model: only.is.model, region: only.is.region ?? query.region };
}

/** The narrowest term wins: the one whose model pattern has the most literal text, then the one that names more. */
function bestTerm(terms: readonly Term[], query: PriceQuery): Term | undefined {
  const provider = query.provider === undefined ? undefined : providerName(query.provider);
  const fits = terms.filter(
    (term) =>
      (term.provider === undefined || term.provider === provider) &&
      matches([term.model], query.model) &&
      (term.tier === undefined || term.tier === query.tier) &&
      (term.region === undefined || term.region === query.region?.toLowerCase()) &&
      (term.from ?? -Infinity) <= query.at &&
      query.at < (term.until ?? Infinity),
  );
  return fits.toSorted((a, b) => narrowness(b) - narrowness(a))[0];
}

/** @example narrowness({ model: 'gpt-4o*', … }) // 24 */
export function narrowness({ model, provider, tier, region }: Term): number {
  const named = [provider, tier, region].filter((name) => name !== undefined).length;
  return model.replaceAll('*', '').length * 4 + named;
}

function applyTerm(term: Term, query: PriceQuery, list: Found | UnpricedCharge): Found | UnpricedCharge {
  const who =
    'status' in list ? { provider: term.provider ?? query.provider ?? 'self-hosted', model: query.model } : list;
  const { provider, model } = who;
  const listed = 'status' in list ? {} : list.rates.units;
  if (term.price.kind === 'off') {
    // A discount on nothing is nothing: without a list price there is no price.
    if ('status' in list) return list;
    return { provider, model, rates: { id: `${list.rates.id}+${term.id}`, units: discounted(listed, term.price.off) } };
  }
  const month = monthOf(query.at);
  const rates = term.price.kind === 'rates' ? term.price.rates : term.price.months.get(month);
  if (rates === undefined && term.price.kind === 'foreign')
    return unpriced('no_price_at_time', `contract.yaml has no exchange rate of ${term.price.currency} for ${month}`);
  // The month's rate stands in the price's name: when the month closes at another one, its calls can be told and repriced.
  const id = term.price.kind === 'foreign' ? `${term.id}+${term.price.currency}@${month}` : term.id;
  return { provider, model, rates: { id, units: { ...listed, ...withReasoning(rates ?? {}) } } };
}

/** Reasoning is billed as output here too, unless the contract has a rate for it. */
function withReasoning(rates: TermRates): TermRates {
  return rates.output === undefined || rates.reasoning !== undefined ? rates : { ...rates, reasoning: rates.output };
}

/** Half-even to the last of 15 decimals, once for the rate; every charge is then exact. */
function discounted(rates: TermRates, off: bigint): TermRates {
  const reduced = Object.entries(rates).map(([unit, rate]) => [unit, scale(rate, 10_000n - off, 10_000n)]);
  return Object.fromEntries(reduced) as TermRates;
}

/** `amount x numerator / denominator`, half-even. @example scale(5n, 1n, 2n) // 2n */
export function scale(amount: bigint, numerator: bigint, denominator: bigint): bigint {
  const product = amount * numerator;
  const floor = product / denominator;
  const twice = (product % denominator) * 2n;
  return twice > denominator || (twice === denominator && floor % 2n === 1n) ? floor + 1n : floor;
}

function monthOf(at: Micros): string {
  const date = new Date(at / 1000);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString().slice(0, 7);
}
