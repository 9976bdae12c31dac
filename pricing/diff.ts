/** What changed between two catalogs, card by card. */
import { cardId, type Catalog, type RateCard } from './catalog.ts';
import { formatUsd } from './money.ts';
import { unitNames, units, type Unit } from './usage/units.ts';

export interface CatalogDiff {
  readonly addedModels: readonly string[];
  readonly removedModels: readonly string[];
  readonly cards: readonly CardChange[];
}

/** A card that is new, gone, ends otherwise, or has other rates. Rates are as quoted: tokens per million, the rest per one. */
export type CardChange =
  | { readonly change: 'added' | 'removed'; readonly card: string; readonly rates: string }
  | { readonly change: 'until'; readonly card: string; readonly before: string; readonly after: string }
  | {
      readonly change: 'rate';
      readonly card: string;
      readonly unit: Unit;
      readonly before: string;
      readonly after: string;
    };

/**
 * Cards of models that are new or gone are not listed one by one.
 *
 * @example diffCatalogs(before, after).cards[0] // { change: 'rate', card: 'openai/o3@2025-06-10', unit: 'input', … }
 */
export function diffCatalogs(before: Catalog, after: Catalog): CatalogDiff {
  const [old, fresh] = [cardsByModel(before), cardsByModel(after)];
  const addedModels = [...fresh.keys()].filter((model) => !old.has(model));
  const removedModels = [...old.keys()].filter((model) => !fresh.has(model));
  const cards = [...fresh].flatMap(([model, newer]) => {
    const older = old.get(model);
    return older === undefined ? [] : diffCards(older, newer);
  });
  return { addedModels, removedModels, cards };
}

function cardsByModel({ providers }: Catalog): Map<string, Map<string, RateCard>> {
  const all = new Map<string, Map<string, RateCard>>();
  for (const { provider, models } of providers)
    for (const { model, cards } of models)
      all.set(`${provider}/${model}`, new Map(cards.map((card) => [cardId(provider, model, card), card])));
  return all;
}

function diffCards(older: ReadonlyMap<string, RateCard>, newer: ReadonlyMap<string, RateCard>): CardChange[] {
  const changes: CardChange[] = [];
  for (const [card, { rates }] of older)
    if (!newer.has(card)) changes.push({ change: 'removed', card, rates: ratesText(rates) });
  for (const [card, after] of newer) {
    const before = older.get(card);
    if (before === undefined) {
      changes.push({ change: 'added', card, rates: ratesText(after.rates) });
      continue;
    }
    if (before.until !== after.until)
      changes.push({ change: 'until', card, before: untilText(before), after: untilText(after) });
    for (const unit of unitNames) {
      const [was, is] = [before.rates[unit], after.rates[unit]];
      if (was !== is) changes.push({ change: 'rate', card, unit, before: quoted(unit, was), after: quoted(unit, is) });
    }
  }
  return changes;
}

/** @example ratesText(card.rates) // 'input 2.5, output 10' */
export function ratesText(rates: RateCard['rates']): string {
  return unitNames
    .flatMap((unit) => (rates[unit] === undefined ? [] : [`${unit} ${quoted(unit, rates[unit])}`]))
    .join(', ');
}

function quoted(unit: Unit, rate: bigint | undefined): string {
  if (rate === undefined) return 'none';
  return formatUsd(units[unit].kind === 'token' ? rate * 1_000_000n : rate);
}

function untilText({ until }: RateCard): string {
  return until === undefined ? 'open' : new Date(until / 1000).toISOString();
}
