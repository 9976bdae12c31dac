/**
 * A dated snapshot inherits what its family has and it lacks: lists add a tier or a cache price to the alias and forget its
 * snapshots. Only where both cost the same otherwise, and on the day of the import, for the past may differ.
 */
import { unitNames, units } from '../usage/units.ts';
import { cardAt } from './overlay.ts';
import type { CardLine, ModelBlock, ProviderFile } from './provider-file.ts';

/** Changes `files` in place. */
export function inheritFromFamilies(files: Iterable<ProviderFile>, day: string): void {
  for (const { models } of files) {
    const byName = new Map(models.map((block) => [block.model.toLowerCase(), block]));
    for (const block of models) {
      const family = byName.get(block.model.toLowerCase().replace(/-(?:20\d\d-\d\d-\d\d|20\d{6})$/, ''));
      if (family !== undefined && family !== block) inherit(block, family, day);
    }
  }
}

function inherit(block: ModelBlock, family: ModelBlock, day: string): void {
  const [own, theirs] = [cardAt(block, day), cardAt(family, day)];
  if (own === undefined || theirs === undefined) return;
  if (own.rates.input !== theirs.rates.input || own.rates.output !== theirs.rates.output) return;
  const missing = unitNames.filter((unit) => own.rates[unit] === undefined && theirs.rates[unit] !== undefined);
  if (missing.length > 0) {
    const all = { ...theirs.rates, ...own.rates };
    own.rates = Object.fromEntries(unitNames.flatMap((unit) => (all[unit] === undefined ? [] : [[unit, all[unit]]])));
    const note = `${missing.join(', ')}: as ${family.model}`;
    own.note = own.note === undefined ? note : `${own.note}; ${note}`;
  }
  const tiers = new Set(block.cards.map(({ tier }) => tier));
  const { from, until } = own;
  const period = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
  for (const { from: _from, until: _until, ...card } of family.cards.filter((card) => isOn(card, day)))
    if (card.tier !== undefined && card.tier !== 'standard' && !tiers.has(card.tier) && hasTokens(card))
      block.cards.push({ ...period, ...card, note: `as ${family.model}` });
  block.uplifts ??= family.uplifts ?? {};
  if (Object.keys(block.uplifts).length === 0) delete block.uplifts;
}

function isOn(card: CardLine, day: string): boolean {
  return (card.from ?? '') <= day && day < (card.until ?? '9999');
}

function hasTokens({ rates }: CardLine): boolean {
  return unitNames.some((unit) => units[unit].kind === 'token' && rates[unit] !== undefined);
}
