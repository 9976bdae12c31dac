/** Applies the amendments: whole models first, then the tiers that are a multiple of the standard one. */
import { matches } from '../pattern.ts';
import { units, type Unit } from '../usage/units.ts';
import { inheritAmendments, modelAmendments, tierFactors, type TierFactor } from './amendments/index.ts';
import type { CardLine, ModelBlock, ProviderFile } from './provider-file.ts';
import { multiply } from './source-numbers.ts';

/** Before the overlay, so that other lists' tiers can be laid over what is amended. Changes `files` in place. */
export function amendModels(files: ReadonlyMap<string, ProviderFile>): void {
  for (const { provider, source, checked, reason, ...block } of modelAmendments) {
    const file = files.get(provider);
    // A list without the provider has nothing to amend.
    if (file === undefined) continue;
    const cards = block.cards.map((card) => ({ source, checked, ...card }));
    const amended: ModelBlock = { ...block, match: [...block.match], note: reason, cards };
    const names = new Set([block.model, ...block.match].map((name) => name.toLowerCase()));
    const others = file.models.filter(({ model }) => !names.has(model.toLowerCase()));
    for (const other of others) other.match = other.match.filter((name) => !names.has(name.toLowerCase()));
    file.models = [...others, amended];
  }
  for (const { provider, inherits, source } of inheritAmendments) {
    const file = files.get(provider);
    if (file === undefined) continue;
    file.inherits = { ...file.inherits, ...inherits };
    if (!file.sources.includes(source)) file.sources.push(source);
  }
}

/** After the overlay: a tier that a list has stated card by card stays as stated. Changes `files` in place. */
export function amendTiers(files: ReadonlyMap<string, ProviderFile>): void {
  for (const factor of tierFactors)
    for (const block of files.get(factor.provider)?.models ?? [])
      if (factor.models === undefined || matches(factor.models, block.model)) addTier(block, factor);
}

function addTier(block: ModelBlock, { tier, factor, from, until, source, checked }: TierFactor): void {
  const stated = block.cards.filter((card) => card.tier === tier && card.source !== source);
  const standard = block.cards.filter((card) => (card.tier ?? 'standard') === 'standard' && card.region === undefined);
  for (const card of standard) {
    const period = overlap(card, from, until);
    const rates = Object.entries(card.rates).filter(([unit]) => units[unit as Unit].kind === 'token');
    if (period === undefined || rates.length === 0) continue;
    const sameStep = stated.filter((other) => other.above_input_tokens === card.above_input_tokens);
    if (sameStep.some((other) => overlap(other, period.from, period.until) !== undefined)) continue;
    const { note: _note, from: _from, until: _until, ...rest } = card;
    const multiplied = Object.fromEntries(rates.map(([unit, rate]) => [unit, multiply(rate, factor)]));
    block.cards.push({ ...period, tier, ...rest, rates: multiplied, source, checked, note: `${factor} x standard` });
  }
}

function overlap(card: CardLine, from = '', until = '9999'): Pick<CardLine, 'from' | 'until'> | undefined {
  const start = (card.from ?? '') > from ? (card.from ?? '') : from;
  const end = (card.until ?? '9999') < until ? (card.until ?? '9999') : until;
  if (start >= end) return undefined;
  return { ...(start === '' ? {} : { from: start }), ...(end === '9999' ? {} : { until: end }) };
}
