/**
 * Lays LiteLLM's tiers, fees and media rates over the primary source's cards. Where both price the same thing and differ,
 * nothing of that entry is taken: a list that has one rate wrong may have its tiers wrong too.
 */
import { indexNames, type NameIndex } from '../pattern.ts';
import type { ServiceTier } from '../usage/tier.ts';
import { unitNames, units, type Unit } from '../usage/units.ts';
import type { Ladder, LiteEntry, QuotedRates } from './litellm.ts';
import type { CardLine, ModelBlock, ProviderFile } from './provider-file.ts';

/** How many entries were laid over a model, added as one, or left out. */
export interface Overlay {
  readonly laid: number;
  readonly added: number;
  readonly left: number;
}

/** Changes `files` in place. `day` is the day of their snapshot: that is the day whose cards are compared. */
export function overlayLiteLLM(files: Map<string, ProviderFile>, entries: readonly LiteEntry[], day: string): Overlay {
  const counts = { laid: 0, added: 0, left: 0 };
  const indexes = new Map<string, NameIndex<ModelBlock>>();
  const primary = new Map([...files].map(([name, file]) => [name, [...file.models]]));
  const find = (provider: string, model: string): ModelBlock | undefined => {
    let index = indexes.get(provider);
    if (index === undefined) {
      const blocks = primary.get(provider) ?? [];
      indexes.set(provider, (index = indexNames(blocks.map((item) => ({ item, names: [item.model, ...item.match] })))));
    }
    return index.find(model) ?? index.find(model.replace(/@.*$/, ''));
  };
  for (const same of byModel(entries)) {
    const group = oneEach(same);
    const [first] = group;
    const plain = group.find(({ region }) => region === undefined);
    if (first === undefined) continue;
    const file = files.get(first.provider) ?? newFile(first.provider, day);
    files.set(first.provider, file);
    const known = find(first.provider, first.model);
    const outcome = known === undefined ? 'new' : lay(known, plain, day);
    if (outcome === 'laid') counts.laid++;
    if (outcome !== 'new') {
      if (outcome === 'left') counts.left++;
      continue;
    }
    const resold = file.resells.some((provider) => agrees(find(provider, first.model), plain, day));
    const block = resold && group.length === 1 ? undefined : newBlock(group, day);
    if (block === undefined || file.models.some(({ model }) => model.toLowerCase() === block.model.toLowerCase()))
      counts.left++;
    else {
      file.models.push(block);
      counts.added++;
    }
  }
  for (const [name, file] of files) if (file.models.length === 0) files.delete(name);
  return counts;
}

function byModel(entries: readonly LiteEntry[]): LiteEntry[][] {
  const groups = Map.groupBy(entries, ({ provider, model }) => `${provider}/${model.toLowerCase()}`);
  return [...groups.values()];
}

/** Two entries for one model and region (Gemini's API and Vertex, Azure's "global" and plain): the first stands. */
function oneEach(same: readonly LiteEntry[]): LiteEntry[] {
  const kept = new Map<string | undefined, LiteEntry>();
  for (const entry of same) if (!kept.has(entry.region)) kept.set(entry.region, entry);
  return [...kept.values()];
}

function baseOf(entry: LiteEntry | undefined): QuotedRates {
  return entry?.tiers.get('standard')?.get(0) ?? {};
}

function lay(block: ModelBlock, entry: LiteEntry | undefined, day: string): 'laid' | 'left' {
  const card = cardAt(block, day);
  if (entry === undefined || card === undefined || !agrees(block, entry, day)) return 'left';
  const plain = baseOf(entry);
  addUnits(card, plain, entry, day);
  const { from, until } = card;
  const period = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
  const thresholds = block.cards.flatMap((other) => (other.from === from ? (other.above_input_tokens ?? []) : []));
  const known = new Set(block.cards.map((other) => `${other.tier ?? 'standard'} ${other.from ?? ''}`));
  for (const line of tierLines(entry, day, thresholds))
    if (!known.has(`${line.tier} ${from ?? ''}`)) block.cards.push({ ...period, ...line });
  if (block.uplifts === undefined && Object.keys(entry.uplifts).length > 0) block.uplifts = entry.uplifts;
  return 'laid';
}

/** The card for any prompt, region and hour on a day. */
export function cardAt(block: ModelBlock, day: string): CardLine | undefined {
  return block.cards.find(
    (card) =>
      (card.tier ?? 'standard') === 'standard' &&
      card.region === undefined &&
      card.above_input_tokens === undefined &&
      card.schedule === undefined &&
      (card.from ?? '') <= day &&
      day < (card.until ?? '9999'),
  );
}

function agrees(block: ModelBlock | undefined, entry: LiteEntry | undefined, day: string): boolean {
  const ours = block === undefined ? undefined : cardAt(block, day)?.rates;
  const theirs = baseOf(entry);
  if (ours === undefined) return false;
  const shared = unitNames.filter((unit) => ours[unit] !== undefined && theirs[unit] !== undefined);
  return shared.length > 0 && shared.every((unit) => ours[unit] === theirs[unit]);
}

/** Rates that the card lacks: cache lifetimes, modalities, fees. */
function addUnits(card: CardLine, plain: QuotedRates, { key }: LiteEntry, day: string): void {
  const added = unitNames.filter((unit) => card.rates[unit] === undefined && plain[unit] !== undefined);
  // Reasoning at the output rate is what holds anyway.
  const wanted = added.filter((unit) => !(unit === 'reasoning' && plain.reasoning === card.rates.output));
  if (wanted.length === 0) return;
  const all = { ...card.rates };
  for (const unit of wanted) {
    const rate = plain[unit];
    if (rate !== undefined) all[unit] = rate;
  }
  card.rates = Object.fromEntries(unitNames.flatMap((unit) => (all[unit] === undefined ? [] : [[unit, all[unit]]])));
  const note = `${wanted.join(', ')}: LiteLLM "${key}", ${day}`;
  card.note = card.note === undefined ? note : `${card.note}; ${note}`;
}

function tierLines(entry: LiteEntry, day: string, thresholds: readonly number[]): (CardLine & { tier: ServiceTier })[] {
  const lines: (CardLine & { tier: ServiceTier })[] = [];
  for (const [tier, ladder] of entry.tiers)
    if (tier !== 'standard')
      for (const [above, rates] of withFlexCache(entry, tier, ladder)) {
        if (rates.input === undefined && rates.output === undefined) continue;
        // Pages say "272K and above" or "over 272K"; the primary source knows which, so its threshold stands.
        const near = thresholds.find((threshold) => Math.abs(threshold - above) <= 1) ?? above;
        const step = above === 0 ? {} : { above_input_tokens: near };
        const note = `LiteLLM "${entry.key}"`;
        lines.push({ tier, ...step, rates: tokensOnly(rates), checked: day, note });
      }
  return lines;
}

/** OpenAI sells flex at its batch rates, and says so: what one list has the other has too. https://platform.openai.com/docs/guides/flex-processing */
function withFlexCache(entry: LiteEntry, tier: ServiceTier, ladder: Ladder): Ladder {
  const flex = entry.tiers.get('flex');
  if (entry.provider !== 'openai' || tier !== 'batch' || flex === undefined) return ladder;
  if (flex.get(0)?.input !== ladder.get(0)?.input || flex.get(0)?.output !== ladder.get(0)?.output) return ladder;
  return flex;
}

function tokensOnly(rates: QuotedRates): QuotedRates {
  return Object.fromEntries(Object.entries(rates).filter(([unit]) => units[unit as Unit].kind === 'token'));
}

function newBlock(group: readonly LiteEntry[], day: string): ModelBlock | undefined {
  const cards: CardLine[] = [];
  for (const entry of group) {
    const region = entry.region === undefined ? {} : { region: entry.region };
    const source = entry.source === undefined ? {} : { source: entry.source };
    const ladder = entry.tiers.get('standard') ?? new Map<number, QuotedRates>();
    for (const [above, rates] of ladder) {
      // A step repeats the token rates that don't change with the length of the prompt.
      const whole = above === 0 ? rates : { ...tokensOnly(ladder.get(0) ?? {}), ...tokensOnly(rates) };
      if (!isPriced(ladder.get(0))) continue;
      const step = above === 0 ? {} : { above_input_tokens: above };
      cards.push({ ...region, ...step, rates: whole, checked: day, ...source });
    }
    for (const line of tierLines(entry, day, [])) cards.push({ ...region, ...line });
  }
  const [first] = group;
  const plain = cards.some((card) => (card.tier ?? 'standard') === 'standard' && card.region === undefined);
  if (first === undefined || !plain) return undefined;
  const window = first.contextWindow === undefined ? {} : { context_window: first.contextWindow };
  const uplifts = Object.keys(first.uplifts).length === 0 ? {} : { uplifts: { ...first.uplifts } };
  // A fine-tune's name goes on with its organisation and id.
  const match = first.model.startsWith('ft:') ? [`${first.model}:*`] : [];
  return { model: first.model, match, ...window, ...uplifts, note: `LiteLLM "${first.key}"`, cards };
}

/** Chat at an output rate and no input rate is half a price list. */
function isPriced(rates: QuotedRates | undefined): boolean {
  if (rates === undefined) return false;
  const whole = rates.output === undefined || rates.input !== undefined || rates.character !== undefined;
  return whole && Object.keys(rates).length > 0;
}

function newFile(provider: string, day: string): ProviderFile {
  return {
    provider,
    name: provider,
    checked: day,
    sources: ['https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json'],
    claims: [],
    resells: [],
    inherits: {},
    models: [],
  };
}
