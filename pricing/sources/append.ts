/**
 * Puts new cards behind the ones that stand: what a call before `day` cost stays what it was. A model that a source has
 * dropped keeps its cards, because its past calls still have a price, and because sources drop living models by mistake.
 */
import { unitNames } from '../usage/units.ts';
import type { CardLine, ModelBlock, ProviderFile } from './provider-file.ts';

export interface Appended {
  readonly files: readonly ProviderFile[];
  /** Models that the new sources no longer have; their cards stay as they are. */
  readonly dropped: readonly string[];
}

/** Pure. @example appendCatalog(standing, assembled, '2026-12-01').dropped // ['openai/gpt-9'] */
export function appendCatalog(
  standing: readonly ProviderFile[],
  fresh: readonly ProviderFile[],
  day: string,
): Appended {
  const dropped: string[] = [];
  const files = standing.map((old): ProviderFile => {
    const update = fresh.find(({ provider }) => provider === old.provider);
    if (update === undefined) {
      dropped.push(...old.models.map(({ model }) => `${old.provider}/${model}`));
      return old;
    }
    const updates = new Map(update.models.map((block) => [block.model.toLowerCase(), block]));
    const models = old.models.map((block): ModelBlock => {
      const replacement = updates.get(block.model.toLowerCase());
      updates.delete(block.model.toLowerCase());
      if (replacement !== undefined) return appendModel(block, replacement, day);
      dropped.push(`${old.provider}/${block.model}`);
      return block;
    });
    // New models may claim names that an old one still has: names are not taken away from cards that stand.
    const taken = new Set(models.flatMap(({ model, match }) => [model, ...match].map((name) => name.toLowerCase())));
    for (const block of updates.values())
      models.push({ ...block, match: block.match.filter((name) => !taken.has(name.toLowerCase())) });
    return { ...update, models };
  });
  const known = new Set(standing.map(({ provider }) => provider));
  return { files: [...files, ...fresh.filter(({ provider }) => !known.has(provider))], dropped };
}

/**
 * Only what is new: models and providers that nothing stands for yet. They may be taken without a look, for they change no
 * price that anybody has been charged; every change of a standing card waits for approval.
 *
 * @example onlyAdditions(standing, fresh).map(({ provider }) => provider)
 */
export function onlyAdditions(standing: readonly ProviderFile[], fresh: readonly ProviderFile[]): ProviderFile[] {
  const files = standing.map((old): ProviderFile => {
    const names = new Set(
      old.models.flatMap(({ model, match }) => [model, ...match].map((name) => name.toLowerCase())),
    );
    const update = fresh.find(({ provider }) => provider === old.provider);
    const added = (update?.models ?? []).flatMap((block): ModelBlock[] => {
      if (names.has(block.model.toLowerCase())) return [];
      const match = block.match.filter((name) => !names.has(name.toLowerCase()));
      for (const name of [block.model, ...match]) names.add(name.toLowerCase());
      return [{ ...block, match }];
    });
    return { ...old, models: [...old.models, ...added] };
  });
  const known = new Set(standing.map(({ provider }) => provider));
  return [...files, ...fresh.filter(({ provider }) => !known.has(provider))];
}

function appendModel(old: ModelBlock, found: ModelBlock, day: string): ModelBlock {
  const fresh = completed(old, found, day);
  const match = [...new Set([...old.match, ...fresh.match])];
  const head = { ...fresh, match };
  if (sameCards(old.cards, fresh.cards) && sameUplifts(old, fresh)) {
    // A list that was not looked at this time has not changed its mind.
    const agree = fresh.agree ?? old.agree;
    return { ...head, ...(agree === undefined ? {} : { agree }), cards: old.cards };
  }
  const past = old.cards.flatMap((card): CardLine[] => {
    if ((card.from ?? '') >= day) return [];
    return [(card.until ?? '9999') > day ? { ...card, until: day } : card];
  });
  const future = fresh.cards.flatMap((card): CardLine[] => {
    if ((card.until ?? '9999') <= day) return [];
    return [(card.from ?? '') < day ? { ...withoutFrom(card), from: day } : card];
  });
  // Cards that go on as they were need no cut.
  const whole = past.filter((card) => !future.some((next) => continues(card, next, day)));
  const joined = future.map((next) => {
    const before = past.find((card) => continues(card, next, day));
    return before === undefined ? next : prolonged(before, next.until);
  });
  return { ...head, cards: [...whole, ...joined].map(inKeyOrder) };
}

/**
 * A source that says less than the standing cards changes nothing by its silence: units that it leaves out stay, and so do
 * tiers and regional factors of which it has none at all. That ends where a rate that it does state has changed, for what
 * was laid over the old rate need not fit the new one.
 */
function completed(old: ModelBlock, fresh: ModelBlock, day: string): ModelBlock {
  const standing = old.cards.filter(({ until }) => (until ?? '9999') > day);
  let same = true;
  const cards = fresh.cards.map((card): CardLine => {
    if ((card.until ?? '9999') <= day) return card;
    const start = (card.from ?? '') > day ? (card.from ?? '') : day;
    const known = standing.find((other) => keyOf(other) === keyOf(card) && isOn(other, start));
    if (known !== undefined && isWithin(card.rates, known.rates)) return withRates(card, known.rates);
    same = false;
    return card;
  });
  if (!same) return { ...fresh, cards };
  const tiers = new Set(cards.map(tierOf));
  const uplifts = fresh.uplifts ?? old.uplifts;
  return {
    ...fresh,
    ...(uplifts === undefined ? {} : { uplifts }),
    cards: [...cards, ...standing.filter((card) => !tiers.has(tierOf(card)))],
  };
}

function isWithin(rates: CardLine['rates'], others: CardLine['rates']): boolean {
  return unitNames.every((unit) => rates[unit] === undefined || rates[unit] === others[unit]);
}

function withRates(card: CardLine, rates: CardLine['rates']): CardLine {
  return { ...card, rates };
}

function isOn({ from, until }: CardLine, day: string): boolean {
  return (from ?? '') <= day && day < (until ?? '9999');
}

function tierOf({ tier = 'standard', region }: CardLine): string {
  return `${tier} ${region ?? ''}`;
}

function keyOf(card: CardLine): string {
  return JSON.stringify([tierOf(card), card.above_input_tokens, card.schedule]);
}

function prolonged({ until: _until, ...card }: CardLine, until: string | undefined): CardLine {
  return until === undefined ? card : { ...card, until };
}

function continues(card: CardLine, next: CardLine, day: string): boolean {
  return card.until === day && next.from === day && priceOf(card) === priceOf(next);
}

function sameCards(old: readonly CardLine[], fresh: readonly CardLine[]): boolean {
  const said = (cards: readonly CardLine[]): string =>
    cards
      .map((card) => JSON.stringify([card.from, card.until, priceOf(card)]))
      .toSorted()
      .join();
  return said(old) === said(fresh);
}

/** What a card charges and when, without where that was read. */
function priceOf({ tier = 'standard', region, above_input_tokens, schedule, rates }: CardLine): string {
  return JSON.stringify([tier, region, above_input_tokens, schedule, unitNames.map((unit) => rates[unit])]);
}

function sameUplifts(old: ModelBlock, fresh: ModelBlock): boolean {
  return JSON.stringify(old.uplifts ?? {}) === JSON.stringify(fresh.uplifts ?? {});
}

function withoutFrom({ from: _from, ...card }: CardLine): CardLine {
  return card;
}

function inKeyOrder({ from, until, tier, ...rest }: CardLine): CardLine {
  return {
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(tier === undefined ? {} : { tier }),
    ...rest,
  };
}
