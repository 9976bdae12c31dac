/** Hosts that speak OpenAI's chat dialect with fields of their own: one short reader each. */
import { fromDisjoint, type Counts } from '../usage.ts';
import { invalid, readBlock, reportedUsd, type BlockReading } from './block.ts';
import { readChatFields } from './openai-chat.ts';

/**
 * Groq: OpenAI's shape with times in seconds. https://console.groq.com/docs/api-reference#chat-create
 *
 * @example readGroqUsage({ prompt_tokens: 18, prompt_time: 0.0007, completion_tokens: 556, total_tokens: 574 }).usage
 * // counts { input: 18, output: 556 }
 */
export function readGroqUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    fields.ignore('queue_time', 'prompt_time', 'completion_time', 'total_time');
    return readChatFields(fields);
  });
}

/**
 * Together: cached tokens beside the totals as well as inside the details. https://docs.together.ai/reference/chat-completions-1
 *
 * @example readTogetherUsage({ prompt_tokens: 10, cached_tokens: 0, completion_tokens: 5 }).usage // counts { input: 10, output: 5 }
 */
export function readTogetherUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => withCached(readChatFields(fields), fields.count('cached_tokens') ?? 0));
}

/**
 * Moonshot: cached tokens beside the totals. https://platform.moonshot.ai/docs/api/chat
 *
 * @example readMoonshotUsage({ prompt_tokens: 20, completion_tokens: 30, total_tokens: 50, cached_tokens: 10 }).usage
 * // counts { input: 10, cache_read: 10, output: 30 }
 */
export function readMoonshotUsage(block: unknown): BlockReading {
  return readTogetherUsage(block);
}

/**
 * DeepSeek: the prompt split into cache hits and misses. https://api-docs.deepseek.com/api/create-chat-completion
 *
 * @example readDeepSeekUsage({ prompt_tokens: 100, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36, completion_tokens: 9 }).usage
 * // counts { input: 36, cache_read: 64, output: 9 }
 */
export function readDeepSeekUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    const hit = fields.count('prompt_cache_hit_tokens');
    const miss = fields.count('prompt_cache_miss_tokens');
    const reading = readChatFields(fields);
    const prompt = fields.count('prompt_tokens') ?? 0;
    if (hit !== undefined && miss !== undefined && hit + miss !== prompt)
      return invalid(
        `prompt_cache_hit_tokens (${hit}) + prompt_cache_miss_tokens (${miss}) are not prompt_tokens (${prompt})`,
      );
    return withCached(reading, hit ?? 0);
  });
}

/**
 * xAI: reasoning outside the completion, tools that its servers ran, and the charge in ticks of 1e-10 USD.
 * https://docs.x.ai/developers/cost-tracking, https://docs.x.ai/developers/pricing
 *
 * @example readXaiUsage({ prompt_tokens: 37, completion_tokens: 530, total_tokens: 800, completion_tokens_details: { reasoning_tokens: 233 } }).usage
 * // counts { input: 37, output: 530, reasoning: 233 }
 */
export function readXaiUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    const tools = fields.inner('server_side_tool_usage_details');
    const searches = (tools.count('web_search_calls') ?? 0) + (tools.count('x_search_calls') ?? 0);
    const fees = {
      // Before server-side tools, live search was billed by the source.
      web_search: searches + (fields.count('num_sources_used') ?? 0),
      code_session: tools.count('code_interpreter_calls') ?? 0,
      file_search: (tools.count('file_search_calls') ?? 0) + (tools.count('document_search_calls') ?? 0),
    };
    // Calls of somebody else's MCP server cost nothing here; the sum of all tools stands in the counts above.
    tools.ignore('mcp_calls');
    fields.ignore('num_server_side_tools_used');
    const ticks = fields.count('cost_in_usd_ticks');
    const reading = withMore(readChatFields(fields), fees);
    return ticks === undefined ? reading : { ...reading, reportedCost: BigInt(ticks) * 100_000n };
  });
}

/**
 * OpenRouter: what it charged in `cost`; for keys of one's own, its fee, with the provider's part beside it.
 * https://openrouter.ai/docs/use-cases/usage-accounting
 *
 * @example readOpenRouterUsage({ prompt_tokens: 194, completion_tokens: 2, cost: 0.95 }).reportedCost // 950_000_000_000_000n
 */
export function readOpenRouterUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    const own = fields.raw('is_byok') === true;
    const cost = reportedUsd(fields.raw('cost'));
    const details = fields.inner('cost_details');
    const upstream = reportedUsd(details.raw('upstream_inference_cost'));
    details.ignore(
      'upstream_inference_prompt_cost',
      'upstream_inference_completions_cost',
      'upstream_inference_input_cost',
    );
    details.ignore('upstream_inference_output_cost');
    const used = fields.inner('server_tool_use_details');
    used.ignore('tool_calls_requested', 'tool_calls_executed');
    const searches =
      fields.inner('server_tool_use').count('web_search_requests') ?? used.count('web_search_requests') ?? 0;
    const prompt = fields.inner('prompt_tokens_details');
    const video = prompt.count('video_tokens') ?? 0;
    if (video > 0) return invalid(`prompt_tokens_details.video_tokens is ${video}, which has no price here`);
    const reading = withMore(readChatFields(fields), { web_search: searches });
    const charged = own && cost !== undefined ? cost + (upstream ?? 0n) : cost;
    return charged === undefined ? reading : { ...reading, reportedCost: charged };
  });
}

/**
 * Perplexity: citation tokens, searches, and a request fee by how wide the search was (low is the default).
 * https://docs.perplexity.ai/docs/getting-started/pricing
 *
 * @example readPerplexityUsage({ prompt_tokens: 8, completion_tokens: 439, total_tokens: 447, search_context_size: 'high' }).usage
 * // counts { input: 8, output: 439, request_high: 1 }
 */
export function readPerplexityUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    const size = fields.text('search_context_size');
    const cost = fields.inner('cost');
    const total = reportedUsd(cost.raw('total_cost'));
    cost.ignore('input_tokens_cost', 'output_tokens_cost', 'reasoning_tokens_cost', 'citation_tokens_cost');
    cost.ignore('search_queries_cost', 'request_cost');
    const reasoning = fields.count('reasoning_tokens') ?? 0;
    const counts = {
      citation: fields.count('citation_tokens') ?? 0,
      reasoning,
      web_search: fields.count('num_search_queries') ?? 0,
      // The fee of a plain request is on the rate card; only wider searches have to be counted.
      request_medium: size === 'medium' ? 1 : 0,
      request_high: size === 'high' ? 1 : 0,
    };
    const reading = withMore(readChatFields(fields), counts);
    return total === undefined ? reading : { ...reading, reportedCost: total };
  });
}

/**
 * Ollama: counts of evaluated tokens, and durations in nanoseconds. `prompt_eval_count` is missing where the whole prompt
 * was cached. https://github.com/ollama/ollama/blob/main/docs/api.md
 *
 * @example readOllamaUsage({ prompt_eval_count: 26, eval_count: 259, total_duration: 10706818083 }).usage // counts { input: 26, output: 259 }
 */
export function readOllamaUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    fields.ignore('total_duration', 'load_duration', 'prompt_eval_duration', 'eval_duration');
    const input = fields.count('prompt_eval_count') ?? 0;
    return { usage: fromDisjoint({ input, output: fields.count('eval_count') ?? 0 }, 'reported') };
  });
}

/**
 * Voyage: all tokens, or text tokens and pixels. https://docs.voyageai.com/reference/embeddings-api
 *
 * @example readVoyageUsage({ total_tokens: 10 }).usage // counts { input: 10 }
 */
export function readVoyageUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    const total = fields.count('total_tokens') ?? fields.count('totalTokens');
    const text = fields.count('text_tokens');
    const pixels = (fields.count('image_pixels') ?? 0) + (fields.count('video_pixels') ?? 0);
    const input = pixels > 0 ? text : total;
    if (input === undefined) return invalid(`${pixels > 0 ? 'text_tokens' : 'total_tokens'} is missing`);
    return { usage: fromDisjoint({ input, pixel: pixels }, 'reported') };
  });
}

/** Cache hits that stand beside OpenAI's own field for them; where both are given they must agree. */
function withCached(reading: BlockReading, cached: number): BlockReading {
  const { usage } = reading;
  if (usage.status !== 'known' || cached === 0 || usage.counts.cache_read === cached) return reading;
  if (usage.counts.cache_read !== undefined)
    return invalid(`two counts of cached tokens: ${cached} and ${usage.counts.cache_read}`);
  const input = (usage.counts.input ?? 0) - cached;
  if (input < 0) return invalid(`cached tokens (${cached}) exceed uncached input (${usage.counts.input ?? 0})`);
  return { ...reading, usage: fromDisjoint({ ...usage.counts, input, cache_read: cached }, usage.basis) };
}

function withMore(reading: BlockReading, more: Counts): BlockReading {
  const { usage } = reading;
  if (usage.status !== 'known') return reading;
  return { ...reading, usage: fromDisjoint({ ...usage.counts, ...more }, usage.basis) };
}
