/**
 * Imports the data of `@pydantic/genai-prices` (MIT, https://github.com/pydantic/genai-prices): names, cache rates, context
 * tiers, dated and time-of-day rates. What our cards can't say is reported, never guessed.
 */
import { unitNames, units, type Unit } from '../usage/units.ts';
import type { CardLine, ModelBlock, ProviderFile } from './provider-file.ts';
import { decimal, divide, parseWithSourceNumbers, round } from './source-numbers.ts';

export interface Imported {
  readonly files: readonly ProviderFile[];
  /** What was left out, one line each, `provider/model: what`. */
  readonly left: readonly string[];
}

/** The text of the data file, and the day on which its rates were checked. Throws a TypeError if it is no such file. */
export function importGenaiPrices(text: string, checked: string): Imported {
  const left: string[] = [];
  const files = (parseWithSourceNumbers(text) as readonly SourceProvider[]).map((source): ProviderFile => {
    const note = (model: string, what: string): void => void left.push(`${source.id}/${model}: ${what}`);
    const models = source.models.flatMap((model) => readModel(source.id, model, (what) => note(model.id, what)));
    dropDoubles(models, note);
    return {
      provider: source.id,
      name: source.name,
      checked,
      sources: source.pricing_urls,
      claims: source.model_match === undefined || source.model_match === null ? [] : patterns(source.model_match),
      resells: source.fallback_model_providers ?? [],
      inherits: {},
      models,
    };
  });
  return { files, left };
}

interface SourceProvider {
  readonly id: string;
  readonly name: string;
  readonly pricing_urls: string[];
  readonly model_match?: Clause | null;
  readonly fallback_model_providers?: string[];
  readonly models: readonly SourceModel[];
}

interface SourceModel {
  readonly id: string;
  readonly match: Clause;
  readonly context_window?: string;
  readonly price_comments?: string;
  readonly prices: Prices | readonly { readonly constraint?: Constraint; readonly prices: Prices }[];
}

type Clause =
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }
  | { readonly or: readonly Clause[] }
  | { readonly and: readonly Clause[] };

/** Written with a `type` in the package and without one in the published file. */
type Constraint = { readonly start_date: string } | { readonly start_time: string; readonly end_time: string };

type Prices = Readonly<Record<string, string | { readonly base: string; readonly tiers: readonly Step[] }>>;
interface Step {
  readonly start: string;
  readonly price: string;
}

function readModel(provider: string, source: SourceModel, note: (what: string) => void): ModelBlock[] {
  const read = (prices: Prices): Leveled => readRates(provider, source.id, prices, note);
  const cards = isFree(provider, source.id) ? [{ rates: { input: '0', output: '0' } }] : readCards(source, read);
  if (cards.length === 0) {
    note('no rates');
    return [];
  }
  const match = patterns(source.match).filter((pattern) => pattern.toLowerCase() !== source.id.toLowerCase());
  const window = source.context_window;
  return [
    {
      model: source.id,
      match: [...new Set(match)],
      ...(window === undefined ? {} : { context_window: Number(window) }),
      ...(source.price_comments === undefined ? {} : { note: source.price_comments }),
      cards,
    },
  ];
}

/** OpenRouter's `:free` variants cost nothing by its own word; elsewhere an entry without rates is one that nobody knows. */
function isFree(provider: string, model: string): boolean {
  return provider === 'openrouter' && model.endsWith(':free');
}

/** Their last matching entry wins: dated ones follow one another, time-of-day ones lie over them. */
function readCards(source: SourceModel, read: (prices: Prices) => Leveled): CardLine[] {
  const entries: readonly { constraint?: Constraint; prices: Prices }[] = Array.isArray(source.prices)
    ? source.prices
    : [{ prices: source.prices as Prices }];
  const dated = entries.filter(({ constraint }) => constraint === undefined || !('start_time' in constraint));
  const from = (index: number): string | undefined => {
    const constraint = dated[index]?.constraint;
    return constraint !== undefined && 'start_date' in constraint ? constraint.start_date : undefined;
  };
  for (const { constraint } of dated)
    if (constraint !== undefined && !('start_date' in constraint))
      throw new TypeError(`${source.id}: a constraint that is not known: ${JSON.stringify(constraint)}`);
  const cards = dated.flatMap(({ prices }, index) => cardLines(read(prices), from(index), from(index + 1)));
  for (const { constraint, prices } of entries)
    if (constraint !== undefined && 'start_time' in constraint) {
      const window: [string, string] = [constraint.start_time.slice(0, 5), constraint.end_time.slice(0, 5)];
      const name = `${window[0]}-${window[1]}`.replaceAll(':', '');
      const schedule = { name, zone: 'UTC', days: [], windows: [window] };
      for (const card of cardLines(read(prices), undefined, undefined)) cards.push({ ...card, schedule });
    }
  return cards;
}

interface Leveled {
  readonly base: Partial<Record<Unit, string>>;
  readonly steps: ReadonlyMap<number, Partial<Record<Unit, string>>>;
  readonly note: string | undefined;
}

function cardLines({ base, steps, note }: Leveled, from: string | undefined, until: string | undefined): CardLine[] {
  const period = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
  const told = note === undefined ? {} : { note };
  if (Object.keys(base).length === 0) return [];
  const cards: CardLine[] = [{ ...period, rates: base, ...told }];
  for (const [above, rates] of steps) cards.push({ ...period, above_input_tokens: above, rates });
  return cards;
}

function readRates(provider: string, model: string, prices: Prices, note: (what: string) => void): Leveled {
  const base: Partial<Record<Unit, string>> = {};
  const steps = new Map<number, Partial<Record<Unit, string>>>();
  const notes: string[] = [];
  for (const [key, price] of Object.entries(prices)) {
    const unit = unitOf(key, provider, model);
    if (unit === undefined) {
      note(`${key} has no unit here`);
      continue;
    }
    const levels = typeof price === 'string' ? { base: price, tiers: [] } : price;
    base[unit] = quote(key, levels.base, notes);
    for (const step of levels.tiers) {
      const rates = steps.get(Number(step.start)) ?? {};
      rates[unit] = quote(key, step.price, notes);
      steps.set(Number(step.start), rates);
    }
  }
  // A step replaces the whole card, so it repeats the token rates that don't change with the length of the prompt.
  for (const [above, rates] of steps) steps.set(above, inUnitOrder({ ...tokenRates(base), ...rates }));
  return { base: inUnitOrder(base), steps, note: notes.length === 0 ? undefined : notes.join('; ') };
}

/** Their unit names; tokens are quoted per million, `kcount` and `kpages` per thousand, `hours` per hour, as here. */
function unitOf(key: string, provider: string, model: string): Unit | undefined {
  // One write price is Anthropic's five-minute one wherever Claude is sold; others have a single price for any write.
  if (key === 'cache_write_mtok')
    return provider === 'anthropic' || model.includes('claude') ? 'cache_write_5m' : 'cache_write';
  return keyUnits.get(key);
}

const keyUnits = new Map<string, Unit>([
  ['input_mtok', 'input'],
  ['output_mtok', 'output'],
  ['cache_read_mtok', 'cache_read'],
  ['cache_write_1h_mtok', 'cache_write_1h'],
  ['input_audio_mtok', 'input_audio'],
  ['input_image_mtok', 'input_image'],
  ['input_video_mtok', 'input_video'],
  ['cache_audio_read_mtok', 'cache_read_audio'],
  ['cache_image_read_mtok', 'cache_read_image'],
  ['output_audio_mtok', 'output_audio'],
  ['output_image_mtok', 'output_image'],
  ['output_video_mtok', 'output_video'],
  ['output_reasoning_mtok', 'reasoning'],
  ['output_citation_mtok', 'citation'],
  ['web_searches_kcount', 'web_search'],
  ['storage_searches_kcount', 'file_search'],
  ['requests_kcount', 'request'],
  ['input_document_kpages', 'page'],
  ['audio_hours', 'audio_second'],
  ['input_audio_hours', 'audio_second'],
]);

function quote(key: string, price: string, notes: string[]): string {
  if (key.endsWith('_mtok')) return perMillion(price, notes);
  if (key.endsWith('_kcount') || key.endsWith('_kpages')) return decimal(price, -3);
  if (!key.endsWith('audio_hours')) return decimal(price);
  const { quotient, exact } = divide(price, 3600n);
  const note = `${decimal(price)} USD an hour, said per second to 15 decimals`;
  if (!exact && !notes.includes(note)) notes.push(note);
  return quotient;
}

/** Some of their figures were computed in floats (0.08333333333333334): these keep the 9 decimals that a token rate can have. */
function perMillion(price: string, notes: string[]): string {
  const plain = decimal(price);
  const rounded = round(plain, 9);
  if (rounded !== plain) notes.push(`${plain} in the source, said to 9 decimals`);
  return rounded;
}

function tokenRates(rates: Partial<Record<Unit, string>>): Partial<Record<Unit, string>> {
  return Object.fromEntries(Object.entries(rates).filter(([unit]) => units[unit as Unit].kind === 'token'));
}

function inUnitOrder(rates: Partial<Record<Unit, string>>): Partial<Record<Unit, string>> {
  return Object.fromEntries(unitNames.flatMap((unit) => (rates[unit] === undefined ? [] : [[unit, rates[unit]]])));
}

/** Their clauses as our patterns: plain, `*`, or a regular expression. */
function patterns(clause: Clause): string[] {
  if ('or' in clause) return clause.or.flatMap(patterns);
  if ('equals' in clause) return [clause.equals];
  if ('starts_with' in clause) return [`${clause.starts_with}*`];
  if ('ends_with' in clause) return [`*${clause.ends_with}`];
  if ('contains' in clause) return [`*${clause.contains}*`];
  if ('regex' in clause) return [`/${clause.regex}/`];
  return [`/^${clause.and.map(lookahead).join('')}/`];
}

function lookahead(clause: Clause): string {
  const [pattern = ''] = patterns(clause);
  if (pattern.startsWith('/')) return `(?=${pattern.slice(1, -1)})`;
  const body = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return `(?=${body.join('.*')}${pattern.endsWith('*') ? '' : '$'})`;
}

/** Case is ignored here, so names that differ only in case are one; where two models share a name the first keeps it. */
function dropDoubles(models: ModelBlock[], note: (model: string, what: string) => void): void {
  const owner = new Map<string, string>();
  for (const { model } of models) owner.set(model.toLowerCase(), model);
  for (const block of models) {
    const kept = new Map<string, string>();
    for (const name of block.match) {
      const folded = name.startsWith('/') ? name : name.toLowerCase();
      const other = owner.get(folded);
      if (other === undefined) owner.set(folded, block.model);
      if (other !== undefined && other !== block.model) note(block.model, `"${name}" stays with ${other}`);
      else if (folded !== block.model.toLowerCase()) kept.set(folded, name);
    }
    block.match = [...kept.values()];
  }
}
