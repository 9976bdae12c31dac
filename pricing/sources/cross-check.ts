/** What other lists say a model cost on the day of their snapshot, beside what our cards say for that day. */
import { isFromLiteLLM } from '../catalog.ts';
import { providerName } from '../model-id.ts';
import { indexNames, type NameIndex } from '../pattern.ts';
import { unitNames, type Unit } from '../usage/units.ts';
import type { LiteEntry, QuotedRates } from './litellm.ts';
import { cardAt } from './overlay.ts';
import type { ModelBlock, ProviderFile } from './provider-file.ts';
import { decimal, parseWithSourceNumbers, round } from './source-numbers.ts';

/** One model of another list, at the rates for any prompt on the standard tier. */
export interface ListedModel {
  readonly list: string;
  /** ISO day on which the list said so. */
  readonly day: string;
  readonly provider: string;
  readonly model: string;
  readonly rates: QuotedRates;
}

/** Two figures for the same thing on the same day; equal ones count as well, for they say who agrees. */
export interface Observation {
  readonly model: string;
  readonly unit: Unit;
  readonly ours: string;
  readonly theirs: string;
  readonly list: string;
  readonly key: string;
  /** Ours is what LiteLLM says, and nobody else. */
  readonly oneList: boolean;
}

export function crossCheck(files: ReadonlyMap<string, ProviderFile>, listed: readonly ListedModel[]): Observation[] {
  const indexes = new Map<string, NameIndex<ModelBlock>>();
  const find = (provider: string, model: string): ModelBlock | undefined => {
    let index = indexes.get(provider);
    if (index === undefined) {
      const blocks = files.get(provider)?.models ?? [];
      indexes.set(provider, (index = indexNames(blocks.map((item) => ({ item, names: [item.model, ...item.match] })))));
    }
    return index.find(model) ?? index.find(model.replace(/@.*$/, ''));
  };
  return listed.flatMap(({ list, day, provider, model, rates }) => {
    const block = find(provider, model);
    const ours = block === undefined ? undefined : cardAt(block, day)?.rates;
    if (block === undefined || ours === undefined) return [];
    // A model that we have from this very list would agree with itself.
    const oneList = isFromLiteLLM(block);
    if (list === 'litellm' && oneList) return [];
    return unitNames.flatMap((unit): Observation[] => {
      const [our, their] = [ours[unit], rates[unit]];
      if (our === undefined || their === undefined) return [];
      return [{ model: `${provider}/${block.model}`, unit, ours: our, theirs: their, list, key: model, oneList }];
    });
  });
}

/**
 * The lists that say what we say of a model, in everything that both price.
 *
 * @example agreements(crossCheck(files, listed)).get('openai/o3') // ['litellm', 'models.dev']
 */
export function agreements(observations: readonly Observation[]): ReadonlyMap<string, readonly string[]> {
  const models = Map.groupBy(observations, ({ model }) => model);
  return new Map(
    [...models].map(([model, group]) => {
      const lists = Map.groupBy(group, ({ list }) => list);
      const same = [...lists].filter(([, said]) => said.every(({ ours, theirs }) => ours === theirs));
      return [model, same.map(([list]) => list)];
    }),
  );
}

export function listedByLiteLLM(entries: readonly LiteEntry[], day: string): ListedModel[] {
  return entries.flatMap(({ provider, model, region, tiers }) => {
    const rates = tiers.get('standard')?.get(0);
    return rates === undefined || region !== undefined ? [] : [{ list: 'litellm', day, provider, model, rates }];
  });
}

/** models.dev (MIT, https://github.com/anomalyco/models.dev): `providers.<id>.<model>.cost`, USD per million tokens. */
export function readModelsDev(text: string, day: string): ListedModel[] {
  const { providers } = parseWithSourceNumbers(text) as {
    providers: Readonly<Record<string, Readonly<Record<string, { cost?: Readonly<Record<string, unknown>> }>>>>;
  };
  return Object.entries(providers).flatMap(([id, models]) => {
    const provider = modelsDevNames.get(id) ?? providerName(id);
    return Object.entries(models).flatMap(([model, { cost }]) => {
      const rates = quoted(cost ?? {}, modelsDevUnits(model), 0);
      return Object.keys(rates).length === 0 ? [] : [{ list: 'models.dev', day, provider, model, rates }];
    });
  });
}

const modelsDevNames = new Map([
  ['google-vertex-anthropic', 'google'],
  ['fireworks-ai', 'fireworks'],
  ['togetherai', 'together'],
]);

function modelsDevUnits(model: string): ReadonlyMap<string, Unit> {
  return new Map<string, Unit>([
    ['input', 'input'],
    ['output', 'output'],
    ['cache_read', 'cache_read'],
    ['cache_write', model.includes('claude') ? 'cache_write_5m' : 'cache_write'],
    ['input_audio', 'input_audio'],
    ['output_audio', 'output_audio'],
  ]);
}

/** Langfuse's default prices (MIT outside its ee folder): USD per token, each with the day of its last change. */
export function readLangfuse(text: string): ListedModel[] {
  const models = parseWithSourceNumbers(text) as readonly {
    modelName: string;
    updatedAt: string;
    pricingTiers: readonly { isDefault: boolean; prices: Readonly<Record<string, unknown>> }[];
  }[];
  return models.flatMap(({ modelName, updatedAt, pricingTiers }) => {
    const prices = pricingTiers.find(({ isDefault }) => isDefault)?.prices ?? {};
    const rates = quoted(prices, langfuseUnits, 6);
    const provider = modelName.startsWith('claude')
      ? 'anthropic'
      : modelName.startsWith('gemini')
        ? 'google'
        : 'openai';
    if (Object.keys(rates).length === 0) return [];
    return [{ list: 'langfuse', day: updatedAt.slice(0, 10), provider, model: modelName, rates }];
  });
}

const langfuseUnits = new Map<string, Unit>([
  ['input', 'input'],
  ['output', 'output'],
  ['input_cache_read', 'cache_read'],
  ['input_cached_tokens', 'cache_read'],
  ['input_cache_creation_5m', 'cache_write_5m'],
  ['input_cache_creation_1h', 'cache_write_1h'],
  ['input_audio', 'input_audio'],
  ['output_audio', 'output_audio'],
]);

function quoted(
  prices: Readonly<Record<string, unknown>>,
  names: ReadonlyMap<string, Unit>,
  shift: number,
): QuotedRates {
  const rates: QuotedRates = {};
  for (const [name, price] of Object.entries(prices)) {
    const unit = names.get(name);
    if (unit !== undefined && typeof price === 'string' && Number(price) !== 0)
      rates[unit] = round(decimal(price, shift), 9);
  }
  return rates;
}
