import { fromInclusive, type Usage } from '../../pricing/usage/usage.ts';
import type { AttributeMap, Span } from '../otlp/request.ts';
import { count, namingCulprit, sum } from './attributes.ts';
import { inputBasis, type Verdict } from './input-basis.ts';

/** Token counts as an emitter writes them, before it is settled what includes what. */
export interface TokenCounts {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly total?: number | undefined;
  readonly cacheRead?: number | undefined;
  /** All writes; those whose time to live is known are parts of it. */
  readonly cacheWrite?: number | undefined;
  readonly cacheWrite5m?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly inputAudio?: number | undefined;
  readonly inputImage?: number | undefined;
  readonly cacheReadAudio?: number | undefined;
  readonly cacheReadImage?: number | undefined;
  readonly outputAudio?: number | undefined;
  readonly outputImage?: number | undefined;
}

/**
 * Every spelling of a count under `gen_ai.usage.` that is in the wild, the convention's newest name first; of two that are
 * there the first wins, even where it says 0. To read another spelling, add it at the end of its row.
 */
const spellings = {
  input: ['input_tokens', 'prompt_tokens'],
  output: ['output_tokens', 'completion_tokens'],
  total: ['total_tokens'],
  cacheRead: [
    'cache_read.input_tokens',
    'cache_read_input_tokens',
    'cache_read_tokens',
    'input_cached_tokens',
    'cached_input_tokens',
    'input_tokens.cached',
    'prompt_tokens_details.cache_read',
    'prompt_tokens_details.cached_tokens',
    'details.cache_read_tokens',
  ],
  cacheWrite: [
    'cache_write.input_tokens',
    'cache_creation.input_tokens',
    'cache_creation_input_tokens',
    'cache_write_tokens',
    'input_cache_creation',
    'input_tokens.cache_write',
    'prompt_tokens_details.cache_write',
    'details.cache_write_tokens',
  ],
  cacheWrite5m: ['cache_creation_5m.input_tokens'],
  cacheWrite1h: ['cache_creation_1h.input_tokens'],
  reasoning: [
    'reasoning.output_tokens',
    'reasoning_tokens',
    'completion_tokens_details.reasoning',
    'completion_tokens_details.reasoning_tokens',
    'output_tokens.reasoning',
    'details.reasoning_tokens',
  ],
  inputAudio: ['audio.input_tokens', 'details.input_audio_tokens'],
  inputImage: ['image.input_tokens'],
  cacheReadAudio: ['audio.cache_read.input_tokens', 'details.cache_audio_read_tokens'],
  cacheReadImage: ['image.cache_read.input_tokens'],
  outputAudio: ['audio.output_tokens', 'details.output_audio_tokens'],
  outputImage: ['image.output_tokens'],
} as const satisfies Record<keyof TokenCounts, readonly string[]>;

/** Names outside `gen_ai.usage.`, after those within. */
const others: readonly (readonly [string, keyof TokenCounts])[] = [
  ['llm.usage.prompt_tokens', 'input'],
  ['llm.usage.completion_tokens', 'output'],
  ['llm.usage.total_tokens', 'total'],
  ['anthropic.usage.cache_creation.ephemeral_5m_input_tokens', 'cacheWrite5m'],
  ['anthropic.usage.cache_creation.ephemeral_1h_input_tokens', 'cacheWrite1h'],
];

/** Attribute to count and its place in the row. */
const places: ReadonlyMap<string, readonly [field: keyof TokenCounts, rank: number]> = new Map([
  ...Object.entries(spellings).flatMap(([field, names]) =>
    names.map((name, rank) => [`gen_ai.usage.${name}`, [field as keyof TokenCounts, rank]] as const),
  ),
  ...others.map(([key, field], index) => [key, [field, 100 + index]] as const),
]);

/** The attributes that a GenAI count can stand in. */
export const countKeys: readonly string[] = [...places.keys()];

/** One pass over the attributes, so that the many spellings cost a span without them nothing. */
export function readCounts(attributes: AttributeMap): TokenCounts {
  const counts: Partial<Record<keyof TokenCounts, number>> = {};
  const ranks: Partial<Record<keyof TokenCounts, number>> = {};
  for (const key of attributes.keys()) {
    const place = places.get(key);
    if (place === undefined) continue;
    const [field, rank] = place;
    if (rank >= (ranks[field] ?? Infinity)) continue;
    const value = count(attributes, key);
    if (value === undefined) continue;
    ranks[field] = rank;
    counts[field] = value;
  }
  return counts;
}

export interface Meaning {
  readonly provider: string | undefined;
  readonly operation: string | undefined;
  /** Where the dialect knows whether `input` includes the cache. */
  readonly input?: Verdict | undefined;
  /** Whether reasoning stands beside `output` and not in it, as Gemini's thoughts do. */
  readonly reasoningApart?: boolean | undefined;
}

/** Counts to disjoint usage: what is known of the emitter first, then arithmetic, then the convention. */
export function usageFrom(span: Span, counts: TokenCounts, meaning: Meaning): Usage {
  const { output, total } = counts;
  const input = counts.input ?? (meaning.operation === 'embeddings' && output === undefined ? total : undefined);
  if (input === undefined && output === undefined) return withoutSplit(total);
  const cacheRead = counts.cacheRead ?? sum(counts.cacheReadAudio, counts.cacheReadImage);
  const knownWrites = sum(counts.cacheWrite5m, counts.cacheWrite1h);
  const cacheWrite = counts.cacheWrite ?? knownWrites;
  const cached = sum(cacheRead, cacheWrite) ?? 0;
  const reasoning = counts.reasoning ?? 0;
  const addsUp = total !== undefined && reasoning > 0 && total === (input ?? 0) + (output ?? 0) + reasoning;
  const apart = meaning.reasoningApart ?? addsUp;
  const { includesCache, basis } = inputBasis(span, meaning, {
    input: input ?? 0,
    cached,
    output: apart ? sum(output, reasoning) : output,
    total,
  });
  const usage = fromInclusive(
    {
      input: includesCache ? input : sum(input, cached),
      output: apart ? sum(output, counts.reasoning) : output,
      cacheRead,
      cacheWrite: cacheWrite === undefined ? undefined : cacheWrite - (knownWrites ?? 0),
      cacheWrite5m: counts.cacheWrite5m,
      cacheWrite1h: counts.cacheWrite1h,
      reasoning: counts.reasoning,
      inputAudio: counts.inputAudio,
      inputImage: counts.inputImage,
      cacheReadAudio: counts.cacheReadAudio,
      cacheReadImage: counts.cacheReadImage,
      outputAudio: counts.outputAudio,
      outputImage: counts.outputImage,
    },
    basis,
  );
  return namingCulprit(usage, span.attributes);
}

/** A total alone has no price, because input and output have different ones; nor is it nothing. */
function withoutSplit(total: number | undefined): Usage {
  if (total === undefined) return { status: 'missing' };
  return { status: 'invalid', detail: `only a total (${total}) is given, without what of it was input and output` };
}
