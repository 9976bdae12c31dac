/** The engine: usage x the rates of the card that applied, exactly. Policy stands in the comments; `catalog.ts` has the terms. */
import type { Catalog, Model, Provider } from './catalog.ts';
import type { Charge, ChargeLine, PricedCharge, PriceQuery, UnpricedCharge, UnpricedReason } from './charge.ts';
import { compileModel, type Rates, type RatesAt } from './compile.ts';
import { indexNames, matches, type NameIndex } from './pattern.ts';
import { modelSpellings, providerName, providerOfShape, snapshotFamily } from './model-id.ts';
import type { FemtoUsd } from './money.ts';
import { inputTokens, type Counts, type Usage } from './usage/usage.ts';
import { isUnit, type Unit } from './usage/units.ts';

export interface PriceBook {
  /** The exact charge, or why there is none. Never throws on what a span may say. */
  price(query: PriceQuery): Charge;
  readonly version: string;
  /** ISO day of the newest check. */
  readonly checked: string;
  readonly models: number;
}

/** A book that also says which rates apply, for contracts to start from. */
export interface ListBook extends PriceBook {
  /** The list rates of a call; undefined usage counts as an empty prompt. */
  find(query: PriceQuery): Found | UnpricedCharge;
}

export interface Found {
  readonly provider: string;
  readonly model: string;
  readonly rates: Rates;
}

/** Prices by the catalog's cards. @example createPriceBook(catalog).price({ provider: 'openai', model: 'gpt-4o', … }) */
export function createPriceBook(catalog: Catalog): ListBook {
  const match = createMatcher(catalog);
  const find = (query: PriceQuery): Found | UnpricedCharge => {
    const matched = match(query.provider, query.model);
    if ('status' in matched) return matched;
    // The threshold is measured by the whole prompt, cached or not, and the side it falls on prices the whole request.
    const prompt = query.usage.status === 'known' ? inputTokens(query.usage.counts) : 0;
    const rates = matched.rates(query.at, query.tier, query.region, prompt);
    const { provider, model } = matched;
    if (rates !== undefined) return { provider, model, rates };
    const region = query.region === undefined ? '' : ` in ${query.region}`;
    const when = `at ${instantText(query.at)}`;
    return unpriced('no_price_at_time', `${provider}/${model} has no ${query.tier} price${region} ${when}`);
  };
  return {
    version: catalog.version,
    checked: catalog.checked,
    models: catalog.models,
    find,
    price(query) {
      const counts = countsOf(query.usage);
      if ('status' in counts) return counts;
      const found = find(query);
      return 'status' in found ? found : chargeFor(counts.counts, found, 'list', catalog.version);
    },
  };
}

/** The counts of a usage, or why it has none. */
export function countsOf(usage: Usage): { readonly counts: Counts } | UnpricedCharge {
  if (usage.status === 'missing') return unpriced('missing_usage', 'the call says nothing about what it used');
  return usage.status === 'invalid' ? unpriced('invalid_usage', usage.detail) : { counts: usage.counts };
}

export function unpriced(reason: UnpricedReason, detail: string): UnpricedCharge {
  return { status: 'unpriced', reason, detail };
}

/** Quantity x rate for every unit, exactly; no charge at all where one unit has no rate. */
export function chargeFor(
  counts: Counts,
  { provider, model, rates }: Found,
  source: PricedCharge['source'],
  priceVersion: string,
): Charge {
  const lines: ChargeLine[] = [];
  let amount: FemtoUsd = 0n;
  for (const name in counts) {
    const unit = name as Unit;
    const quantity = counts[unit];
    if (quantity === undefined || quantity === 0) continue;
    if (!(Number.isSafeInteger(quantity) && quantity > 0))
      return unpriced('invalid_usage', `${name} is ${quantity}, not a whole number from 0 to 2^53`);
    const rate = rates.units[unit];
    if (rate === undefined) return unknownUnits(counts, rates);
    const part = BigInt(quantity) * rate;
    lines.push({ unit, quantity, rate, amount: part });
    amount += part;
  }
  // A fee for each request is owed once by every call; usage need not say so unless it was another sort of request.
  if (rates.units.request !== undefined && !saysRequest(counts)) {
    lines.push({ unit: 'request', quantity: 1, rate: rates.units.request, amount: rates.units.request });
    amount += rates.units.request;
  }
  return { status: 'priced', amount, lines, source, priceId: rates.id, priceVersion, provider, model };
}

function saysRequest({ request, request_medium, request_high }: Counts): boolean {
  return request !== undefined || request_medium !== undefined || request_high !== undefined;
}

/** A part of a bill is not a bill: one unit without a rate leaves the whole call unpriced. */
function unknownUnits(counts: Counts, rates: Rates): Charge {
  const missing = Object.entries(counts)
    .filter(([name, count]) => count > 0 && !(isUnit(name) && rates.units[name] !== undefined))
    .map(([name, count]) => `${name} (${count})`);
  return unpriced('unknown_unit', `${rates.id} has no rate for ${missing.join(', ')}`);
}

interface Matched {
  readonly provider: string;
  readonly model: string;
  readonly rates: RatesAt;
}

type Match = (provider: string | undefined, model: string) => Matched | UnpricedCharge;

/** Names come from spans, so what is remembered about them is bounded, and how long one may be (ARNs have up to 2,048). */
const REMEMBERED_NAMES = 20_000;
const LONGEST_NAME = 2048;

function short(name: string): string {
  return name.length <= 200 ? name : `${name.slice(0, 200)}…`;
}

function createMatcher(catalog: Catalog): Match {
  const providers = new Map(catalog.providers.map((provider) => [provider.provider, provider]));
  const indexes = new Map<string, NameIndex<Model>>();
  const indexOf = (provider: Provider): NameIndex<Model> => {
    const known = indexes.get(provider.provider);
    if (known !== undefined) return known;
    const index = indexNames(provider.models.map((item) => ({ item, names: [item.model, ...item.match] })));
    indexes.set(provider.provider, index);
    return index;
  };
  const find = (provider: Provider, model: string): Matched | undefined => {
    for (const name of [provider.provider, ...provider.resells]) {
      const seller = providers.get(name);
      if (seller === undefined) continue;
      const spellings = modelSpellings(provider.provider, model);
      const listed = firstOf(spellings, (spelling) => indexOf(seller).find(spelling));
      if (listed !== undefined)
        return { provider: provider.provider, model: listed.model, rates: compileModel(seller, listed) };
      const family = indexOf(seller).find(snapshotFamily(spellings.at(-1) ?? model) ?? '');
      if (family !== undefined)
        return { provider: provider.provider, model: family.model, rates: asFamily(compileModel(seller, family)) };
    }
    return undefined;
  };

  const resolve: Match = (named, model) => {
    if (named !== undefined) {
      const provider = providers.get(providerName(named));
      if (provider === undefined)
        return unpriced(
          'unknown_provider',
          `no prices of provider "${short(named)}" (model "${short(model)}"); what you run or buy yourself is priced by contract.yaml`,
        );
      return find(provider, model) ?? unknownModel(provider.provider, model);
    }
    const shape = providerOfShape(model);
    const claimants = catalog.providers.filter(({ provider, claims }) =>
      shape === undefined ? matches(claims, model) : provider === shape,
    );
    const searched = claimants.length > 0 ? claimants : catalog.providers;
    const found = searched.flatMap((provider) => find(provider, model) ?? []);
    const [only] = found;
    if (only === undefined) return unpriced('unknown_model', `no provider has a model "${short(model)}"`);
    if (found.length === 1) return only;
    const names = found.map(({ provider }) => provider).join(', ');
    return unpriced('unknown_provider', `"${short(model)}" is sold by ${names}: say which provider`);
  };

  const remembered = new Map<string | undefined, Map<string, Matched | UnpricedCharge>>();
  let count = 0;
  return (provider, model) => {
    if (model.length > LONGEST_NAME || (provider?.length ?? 0) > LONGEST_NAME)
      return unpriced('unknown_model', `no model is called "${short(model)}"`);
    const known = remembered.get(provider)?.get(model);
    if (known !== undefined) return known;
    if (count++ === REMEMBERED_NAMES) {
      remembered.clear();
      count = 0;
    }
    const matched = resolve(provider, model);
    const models = remembered.get(provider) ?? new Map<string, Matched | UnpricedCharge>();
    remembered.set(provider, models.set(model, matched));
    return matched;
  };
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The same rates under ids that end in `+family`: they are another model's, as far as anybody has said. */
function asFamily(ratesAt: RatesAt): RatesAt {
  return (...call) => {
    const rates = ratesAt(...call);
    return rates && { id: `${rates.id}+family`, units: rates.units };
  };
}

/** Names that an account gave itself say nothing about the model behind them. */
function unknownModel(provider: string, model: string): UnpricedCharge {
  const own =
    /^arn:aws[\w-]*:(?:bedrock:.*:(?:application-inference-profile|provisioned-model|custom-model|imported-model)|sagemaker)/;
  if (own.test(model) || (provider === 'azure' && !/^(?:gpt|o\d|claude|text-)/.test(model)))
    return unpriced(
      'ambiguous_deployment',
      `"${short(model)}" is a name of the account's own: map it under "aliases" in contract.yaml`,
    );
  return unpriced('unknown_model', `${provider} has no model "${short(model)}"`);
}

function instantText(at: number): string {
  const date = new Date(at / 1000);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}
