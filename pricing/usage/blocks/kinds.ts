/** Which reader a usage block wants, by who sent it and by the keys that it has. */
import { readAnthropicMessagesUsage } from './anthropic-messages.ts';
import { readBedrockUsage } from './bedrock.ts';
import { invalid, isObject, type BlockReader, type BlockReading } from './block.ts';
import { readCohereUsage } from './cohere.ts';
import { readAzureUsage, readXaiResponsesUsage, withGatewayCost } from './gateways.ts';
import { readGeminiInteractionsUsage } from './gemini-interactions.ts';
import { readGeminiUsage } from './gemini.ts';
import {
  readDeepSeekUsage,
  readGroqUsage,
  readOllamaUsage,
  readOpenRouterUsage,
  readPerplexityUsage,
  readTogetherUsage,
  readVoyageUsage,
  readXaiUsage,
} from './hosts.ts';
import { readMistralUsage } from './mistral.ts';
import { readOpenAIAudioUsage } from './openai-audio.ts';
import { readOpenAIChatUsage } from './openai-chat.ts';
import { readOpenAIEmbeddingsUsage } from './openai-embeddings.ts';
import { readOpenAIImagesUsage } from './openai-images.ts';
import { readOpenAIResponsesUsage } from './openai-responses.ts';
import { readReplicateUsage } from './replicate.ts';
import { fromDisjoint } from '../usage.ts';
import { isUnit } from '../units.ts';

interface BlockKind {
  readonly name: string;
  /** Catalog names of the providers whose blocks these are; empty where many hosts write them. */
  readonly providers: readonly string[];
  /** One of these groups of keys must be there, whole; `a.b` is a key one level down. */
  readonly keys: readonly (readonly string[])[];
  /** None of these may be there. */
  readonly without?: readonly string[];
  /** Keys that nobody else writes: with one of them a block that fits is of this kind whoever sent it. */
  readonly marks?: readonly string[];
  readonly read: BlockReader;
}

const chatKeys = [['prompt_tokens', 'completion_tokens']] as const;
const charge = ['cost', 'is_byok', 'cost_details', 'pydantic_ai_gateway'] as const;

/**
 * Tried in this order: a provider's own kinds first, then those of many hosts. Nothing here runs when the module loads, so
 * that a bundle which only wants single readers leaves the list out.
 */
const kinds: readonly BlockKind[] = [
  {
    name: 'anthropic-messages',
    providers: ['anthropic', 'aws', 'azure', 'google'],
    keys: [
      ['input_tokens', 'cache_read_input_tokens'],
      ['input_tokens', 'cache_creation_input_tokens'],
      ['input_tokens', 'output_tokens'],
    ],
    without: ['total_tokens', 'input_tokens_details', 'output_tokens_details.reasoning_tokens'],
    read: readAnthropicMessagesUsage,
  },
  {
    name: 'gemini',
    providers: ['google'],
    keys: [
      ['promptTokenCount'],
      ['prompt_token_count'],
      ['candidatesTokenCount'],
      ['candidates_token_count'],
      ['totalTokenCount'],
      ['total_token_count'],
      ['trafficType'],
      ['traffic_type'],
    ],
    read: readGeminiUsage,
  },
  {
    name: 'gemini-interactions',
    providers: ['google'],
    keys: [['total_input_tokens'], ['totalInputTokens']],
    read: readGeminiInteractionsUsage,
  },
  {
    name: 'bedrock',
    providers: ['aws'],
    keys: [['inputTokens'], ['inputTokenCount'], ['x-amzn-bedrock-input-token-count']],
    read: readBedrockUsage,
  },
  {
    name: 'deepseek',
    providers: ['deepseek'],
    keys: [['prompt_cache_hit_tokens'], ['prompt_tokens', 'completion_tokens']],
    read: readDeepSeekUsage,
  },
  { name: 'groq', providers: ['groq'], keys: chatKeys, read: readGroqUsage },
  { name: 'together', providers: ['together', 'moonshotai'], keys: chatKeys, read: readTogetherUsage },
  { name: 'azure', providers: ['azure'], keys: chatKeys, marks: ['latency_checkpoint'], read: readAzureUsage },
  {
    name: 'xai',
    providers: ['x-ai'],
    keys: chatKeys,
    marks: ['cost_in_usd_ticks', 'num_sources_used'],
    read: readXaiUsage,
  },
  {
    name: 'xai-responses',
    providers: ['x-ai'],
    keys: [['input_tokens', 'output_tokens']],
    marks: ['cost_in_usd_ticks', 'num_server_side_tools_used'],
    read: readXaiResponsesUsage,
  },
  {
    name: 'perplexity',
    providers: ['perplexity'],
    keys: chatKeys,
    marks: ['search_context_size', 'num_search_queries', 'citation_tokens'],
    read: readPerplexityUsage,
  },
  { name: 'openrouter', providers: ['openrouter'], keys: chatKeys, marks: charge, read: readOpenRouterUsage },
  {
    name: 'gateway-audio',
    providers: ['openrouter'],
    keys: [['input_token_details']],
    marks: charge,
    read: (block) => withGatewayCost(readOpenAIAudioUsage)(block),
  },
  {
    name: 'gateway-responses',
    providers: ['openrouter'],
    keys: [['input_tokens', 'output_tokens']],
    marks: charge,
    read: (block) => withGatewayCost(readOpenAIResponsesUsage)(block),
  },
  {
    name: 'gateway-embeddings',
    providers: ['openrouter', 'perplexity'],
    keys: [['prompt_tokens']],
    marks: charge,
    read: (block) => withGatewayCost(readOpenAIEmbeddingsUsage)(block),
  },
  {
    name: 'gateway-rerank',
    providers: ['openrouter'],
    keys: [['total_tokens']],
    marks: charge,
    read: (block) => withGatewayCost(readVoyageUsage)(block),
  },
  {
    name: 'mistral',
    providers: ['mistral'],
    keys: [['prompt_tokens'], ['promptTokens'], ['pages_processed'], ['pagesProcessed']],
    read: readMistralUsage,
  },
  {
    name: 'cohere',
    providers: ['cohere'],
    keys: [['billed_units'], ['billedUnits'], ['search_units'], ['searchUnits'], ['input_tokens'], ['inputTokens']],
    read: readCohereUsage,
  },
  { name: 'ollama', providers: ['ollama'], keys: [['eval_count'], ['prompt_eval_count']], read: readOllamaUsage },
  {
    name: 'replicate',
    providers: ['replicate'],
    keys: [['predict_time'], ['input_token_count'], ['output_token_count'], ['image_count']],
    marks: ['predict_time'],
    read: readReplicateUsage,
  },
  { name: 'voyage', providers: ['voyageai'], keys: [['total_tokens'], ['totalTokens']], read: readVoyageUsage },
  {
    name: 'openai-audio',
    providers: [],
    keys: [['input_token_details'], ['type', 'seconds']],
    read: readOpenAIAudioUsage,
  },
  {
    name: 'openai-images',
    providers: [],
    keys: [['input_tokens_details.image_tokens']],
    read: readOpenAIImagesUsage,
  },
  {
    name: 'openai-responses',
    providers: [],
    keys: [['input_tokens', 'output_tokens']],
    read: readOpenAIResponsesUsage,
  },
  { name: 'openai-chat', providers: [], keys: chatKeys, read: readOpenAIChatUsage },
  { name: 'openai-embeddings', providers: [], keys: [['prompt_tokens']], read: readOpenAIEmbeddingsUsage },
];

/**
 * Reads any usage block: a provider's own, or counts by our unit names. `provider` is the catalog's name, where known.
 *
 * @example readUsageBlock('openai', { prompt_tokens: 8, completion_tokens: 2 }).usage // counts { input: 8, output: 2 }
 * @example readUsageBlock(undefined, { input: 8, output: 2 }).usage // the same
 */
export function readUsageBlock(provider: string | undefined, block: unknown): BlockReading {
  if (block === undefined || block === null) return { usage: { status: 'missing' } };
  if (!isObject(block)) return invalid('the usage block is no object');
  const keys = Object.keys(block);
  if (keys.length === 0) return { usage: { status: 'missing' } };
  if (keys.every(isUnit)) return { usage: readUnits(block) };
  const fits = (kind: BlockKind): boolean =>
    kind.keys.some((group) => group.every((key) => has(block, key))) &&
    !(kind.without ?? []).some((key) => has(block, key));
  const { own, others, general } = orderFor(provider);
  const marked = kinds.find((kind) => fits(kind) && (kind.marks ?? []).some((key) => Object.hasOwn(block, key)));
  const kind = own.find(fits) ?? marked ?? others.find(fits) ?? general.find(fits);
  if (kind === undefined) return invalid(`no usage block that is known has only the keys ${keys.join(', ')}`);
  return kind.read(block);
}

/** `a.b` looks one level down. */
function has(block: Readonly<Record<string, unknown>>, key: string): boolean {
  const dot = key.indexOf('.');
  if (dot === -1) return Object.hasOwn(block, key) && block[key] !== undefined;
  const outer = key.slice(0, dot);
  const value = Object.hasOwn(block, outer) ? block[outer] : undefined;
  return isObject(value) && Object.hasOwn(value, key.slice(dot + 1));
}

type Order = Readonly<Record<'own' | 'others' | 'general', readonly BlockKind[]>>;

const orders = new Map<string | undefined, Order>();
/** Of names of providers that are remembered: strangers can make them up. */
const MAX_ORDERS = 256;

/** Which kinds are tried for a provider, and in what order. */
function orderFor(provider: string | undefined): Order {
  let order = orders.get(provider);
  if (order === undefined) {
    const general = kinds.filter(({ marks }) => marks === undefined);
    order = {
      own: kinds.filter((kind) => provider !== undefined && kind.providers.includes(provider)),
      others: general.filter((kind) => provider === undefined || kind.providers.length === 0),
      general,
    };
    if (orders.size < MAX_ORDERS) orders.set(provider, order);
  }
  return order;
}

function readUnits(block: Readonly<Record<string, unknown>>): BlockReading['usage'] {
  const counts: Record<string, number> = {};
  for (const [unit, count] of Object.entries(block)) {
    if (typeof count !== 'number')
      return { status: 'invalid', detail: `${unit} is ${JSON.stringify(count)}, not a whole number` };
    counts[unit] = count;
  }
  return fromDisjoint(counts, 'reported');
}
