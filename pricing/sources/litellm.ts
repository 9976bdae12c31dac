/**
 * Reads LiteLLM's `model_prices_and_context_window.json` (MIT, https://github.com/BerriAI/litellm): the tiers, thresholds,
 * fees and media rates that the primary source can't say. It has no history and prices many things at 0 that are merely
 * unknown, so zeros are left out.
 */
import type { ServiceTier } from '../usage/tier.ts';
import { unitNames, type Unit } from '../usage/units.ts';
import { providers } from './litellm-providers.ts';
import { decimal, multiply, parseWithSourceNumbers, round } from './source-numbers.ts';

export type QuotedRates = Partial<Record<Unit, string>>;

/** One tier's rates by threshold; 0 is every prompt. */
export type Ladder = ReadonlyMap<number, QuotedRates>;

export interface LiteEntry {
  /** Their key as it stands. */
  readonly key: string;
  readonly provider: string;
  readonly model: string;
  readonly region: string | undefined;
  readonly tiers: ReadonlyMap<ServiceTier, Ladder>;
  /** Factors on all token rates by region, e.g. `{ us: '1.1' }`. */
  readonly uplifts: Readonly<Record<string, string>>;
  readonly contextWindow: number | undefined;
  readonly source: string | undefined;
}

/** Entries of providers that we know, and one line for each price that has no place here. */
export function readLiteLLM(text: string): { entries: LiteEntry[]; left: string[] } {
  const left: string[] = [];
  const entries: LiteEntry[] = [];
  const all = parseWithSourceNumbers(text) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  for (const [key, fields] of Object.entries(all)) {
    const provider = providers.get(String(fields['litellm_provider']));
    if (provider === undefined) continue;
    const place = placeOf(key, provider);
    if (place === undefined) left.push(`${key}: a region or commitment that has no place here`);
    else entries.push(readEntry(key, provider, place, fields, (what) => left.push(`${key}: ${what}`)));
  }
  return { entries, left };
}

interface Place {
  readonly model: string;
  readonly region: string | undefined;
}

/** `azure/eu/gpt-4o` is Azure's gpt-4o in the EU; Bedrock's `bedrock/us-east-1/…` and commitments are left out. */
function placeOf(key: string, provider: string): Place | undefined {
  const parts = key.split('/');
  const prefixes = new Set([provider, ...[...providers].filter(([, to]) => to === provider).map(([from]) => from)]);
  if (parts.length > 1 && (prefixes.has(parts[0] ?? '') || parts[0] === 'vertex_ai')) parts.shift();
  if (provider === 'aws' && parts.length > 1) return undefined;
  if (provider !== 'azure') return { model: parts.join('/'), region: undefined };
  const [first = '', ...rest] = parts;
  if (first === 'eu' || first === 'us') return { model: rest.join('/'), region: first };
  if (first === 'global' || first === 'global-standard') return { model: rest.join('/'), region: undefined };
  // azure/high/1024-x-1024/dall-e-3 and the like price a picture, not a model.
  return parts.length > 1 && /^(standard|hd|low|medium|high|speech)$/.test(first)
    ? undefined
    : { model: parts.join('/'), region: undefined };
}

function readEntry(
  key: string,
  provider: string,
  { model, region }: Place,
  fields: Readonly<Record<string, unknown>>,
  report: (what: string) => void,
): LiteEntry {
  const tiers = new Map<ServiceTier, Map<number, QuotedRates>>();
  const put = (tier: ServiceTier, above: number, unit: Unit, rate: string): void => {
    const ladder = tiers.get(tier) ?? new Map<number, QuotedRates>();
    const rates = ladder.get(above) ?? {};
    rates[unit] = rate;
    tiers.set(tier, ladder.set(above, rates));
  };
  const mode = String(fields['mode']);
  for (const [name, value] of Object.entries(fields)) {
    if (!/_cost_|_cost$/.test(name) || typeof value !== 'string') continue;
    const meaning = meaningOf(name, mode, key);
    if (meaning === undefined) {
      if (Number(value) !== 0) report(`${name} has no unit here`);
    } else if (Number(value) === 0) report(`${name} is 0, which is no price`);
    else put(meaning.tier, meaning.above, meaning.unit, quote(meaning.unit, value));
  }
  readTieredPricing(fields['tiered_pricing'], put, report);
  readSearch(fields['search_context_cost_per_query'], provider, put, report);
  readExtras(fields, tiers, report);
  const window = fields['max_input_tokens'];
  const source = fields['source'];
  return {
    key,
    provider,
    model,
    region,
    tiers: new Map([...tiers].map(([tier, ladder]) => [tier, inOrder(ladder)])),
    uplifts: upliftsOf(fields),
    contextWindow: typeof window === 'string' && /^\d+$/.test(window) ? Number(window) : undefined,
    source: typeof source === 'string' && source.startsWith('http') ? source : undefined,
  };
}

type Put = (tier: ServiceTier, above: number, unit: Unit, rate: string) => void;

interface Meaning {
  readonly unit: Unit;
  readonly tier: ServiceTier;
  readonly above: number;
}

/** `input_cost_per_token_above_272k_tokens_flex` is input, on flex, above 272,000. */
function meaningOf(name: string, mode: string, key: string): Meaning | undefined {
  const match = /^(.*?)(?:_above_(\d+)k_tokens)?(?:_(priority|flex|batches))?$/.exec(name);
  const [, stem = '', thousands, suffix] = match ?? [];
  const unit = unitOf(stem, mode, key);
  if (unit === undefined) return undefined;
  const tier = suffix === 'batches' ? 'batch' : suffix === 'flex' || suffix === 'priority' ? suffix : 'standard';
  return { unit, tier, above: Number(thousands ?? 0) * 1000 };
}

function unitOf(stem: string, mode: string, key: string): Unit | undefined {
  if (stem === 'cache_creation_input_token_cost') {
    // Three entries have the price of cached input in this field: writing the cache of gpt-4o costs nothing extra, reading
    // it half of the input (https://developers.openai.com/api/docs/pricing).
    if (key.endsWith('gpt-4o-2024-11-20')) return 'cache_read';
    return key.includes('claude') ? 'cache_write_5m' : 'cache_write';
  }
  return tokenUnits.get(stem) ?? mediaUnits.get(`${mode}.${stem}`);
}

const tokenUnits = new Map<string, Unit>([
  ['input_cost_per_token', 'input'],
  ['output_cost_per_token', 'output'],
  ['cache_read_input_token_cost', 'cache_read'],
  ['input_cost_per_token_cache_hit', 'cache_read'],
  ['cache_creation_input_token_cost_above_1hr', 'cache_write_1h'],
  ['input_cost_per_audio_token', 'input_audio'],
  ['cache_read_input_audio_token_cost', 'cache_read_audio'],
  ['output_cost_per_audio_token', 'output_audio'],
  ['input_cost_per_image_token', 'input_image'],
  ['output_cost_per_image_token', 'output_image'],
  ['output_cost_per_video_token', 'output_video'],
  ['output_cost_per_reasoning_token', 'reasoning'],
  ['citation_cost_per_token', 'citation'],
  ['ocr_cost_per_page', 'page'],
  ['annotation_cost_per_page', 'annotated_page'],
  ['code_interpreter_cost_per_session', 'code_session'],
  ['input_cost_per_request', 'request'],
]);

/** What the same key means depends on what the model does; where a model has two ways to be billed, tokens are the bill. */
const mediaUnits = new Map<string, Unit>([
  ['audio_transcription.input_cost_per_second', 'audio_second'],
  ['audio_speech.input_cost_per_character', 'character'],
  ['image_generation.output_cost_per_image', 'image'],
  ['image_edit.output_cost_per_image', 'image'],
  ['image_generation.input_cost_per_image', 'image'],
  ['video_generation.output_cost_per_video_per_second', 'video_second'],
  ['video_generation.output_cost_per_second', 'video_second'],
  ['rerank.input_cost_per_query', 'search_unit'],
  ['search.input_cost_per_query', 'request'],
]);

function quote(unit: Unit, price: string): string {
  const perMillion = decimal(price, 6);
  // Their figures were computed in floats: past 9 decimals a million there is only noise.
  return mediaOrFee.has(unit) ? round(price, 15) : round(perMillion, 9);
}

const mediaOrFee = new Set<Unit>(
  (
    [
      'page',
      'annotated_page',
      'code_session',
      'request',
      'request_medium',
      'request_high',
      'web_search',
      'audio_second',
      'character',
      'image',
      'video_second',
      'search_unit',
    ] as const
  ).values(),
);

function readTieredPricing(value: unknown, put: Put, report: (what: string) => void): void {
  if (!Array.isArray(value)) return;
  for (const level of value as readonly Readonly<Record<string, unknown>>[]) {
    const range = level['range'];
    const from = Array.isArray(range) ? Number(range[0]) : NaN;
    if (!Number.isSafeInteger(from)) report('tiered_pricing without a range');
    else
      for (const [name, price] of Object.entries(level)) {
        const unit = tokenUnits.get(name);
        if (unit !== undefined && typeof price === 'string' && Number(price) !== 0)
          put('standard', from, unit, quote(unit, price));
      }
  }
}

/** One price for any context size is a search fee; Perplexity's grow with the size and are owed by every request. */
function readSearch(value: unknown, provider: string, put: Put, report: (what: string) => void): void {
  if (typeof value !== 'object' || value === null) return;
  const sizes = value as Readonly<Record<string, string>>;
  const [low, medium, high] = ['low', 'medium', 'high'].map((size) => sizes[`search_context_size_${size}`]);
  if (low === undefined || medium === undefined || high === undefined || Number(low) === 0) return;
  if (low === medium && medium === high) put('standard', 0, 'web_search', decimal(low));
  else if (provider !== 'perplexity') report('search fees that depend on the size of the context');
  else {
    put('standard', 0, 'request', decimal(low));
    put('standard', 0, 'request_medium', decimal(medium));
    put('standard', 0, 'request_high', decimal(high));
  }
}

/** Anthropic's fast mode is a multiple of every token rate. https://platform.claude.com/docs/en/build-with-claude/fast-mode */
function readExtras(
  fields: Readonly<Record<string, unknown>>,
  tiers: Map<ServiceTier, Map<number, QuotedRates>>,
  report: (what: string) => void,
): void {
  const extras = fields['provider_specific_entry'] as Readonly<Record<string, string>> | undefined;
  const plain = tiers.get('standard')?.get(0);
  const fast = extras?.['fast'];
  if (fast !== undefined && plain !== undefined && !tiers.has('priority'))
    tiers.set('priority', new Map([[0, times(plain, fast)]]));
  for (const [tier, ladder] of tiers)
    if (tier === 'priority' && ladder.get(0)?.input === plain?.input) {
      report('priority at the standard rate, which is a placeholder');
      tiers.delete(tier);
    }
}

function upliftsOf(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  const extras = fields['provider_specific_entry'] as Readonly<Record<string, string>> | undefined;
  const uplifts: Record<string, string> = {};
  for (const region of ['eu', 'us']) {
    const factor = fields[`regional_processing_uplift_multiplier_${region}`] ?? extras?.[region];
    if (typeof factor === 'string') uplifts[region] = decimal(factor);
  }
  return uplifts;
}

function times(rates: QuotedRates, factor: string): QuotedRates {
  const tokens = Object.entries(rates).filter(([unit]) => !mediaOrFee.has(unit as Unit));
  return Object.fromEntries(tokens.map(([unit, rate]) => [unit, multiply(rate, factor)]));
}

function inOrder(ladder: ReadonlyMap<number, QuotedRates>): Ladder {
  const sorted = [...ladder].toSorted(([a], [b]) => a - b);
  return new Map(
    sorted.map(([above, rates]) => [
      above,
      Object.fromEntries(unitNames.flatMap((unit) => (rates[unit] === undefined ? [] : [[unit, rates[unit]]]))),
    ]),
  );
}
