import { describe, expect, it } from 'vitest';
import { formatUsd } from '../../../../pricing/money.ts';
import { readUsageBlock } from '../../../../pricing/usage/blocks/index.ts';

interface Row {
  readonly name: string;
  readonly provider?: string;
  readonly block: unknown;
  readonly counts?: Readonly<Record<string, number>>;
  readonly invalid?: string;
  readonly tier?: string;
  readonly cost?: string;
  readonly audioTokens?: number;
}

/** Blocks in the shapes that the providers' documentation shows. */
const rows: readonly Row[] = [
  // https://platform.openai.com/docs/api-reference/embeddings/create
  { name: 'OpenAI embeddings', provider: 'openai', block: { prompt_tokens: 8, total_tokens: 8 }, counts: { input: 8 } },
  // https://platform.openai.com/docs/api-reference/images/create
  {
    name: 'OpenAI images',
    provider: 'openai',
    block: {
      total_tokens: 100,
      input_tokens: 50,
      output_tokens: 50,
      input_tokens_details: { text_tokens: 10, image_tokens: 40 },
    },
    counts: { input: 10, input_image: 40, output_image: 50 },
  },
  {
    name: 'OpenAI images with a text part in the output',
    provider: 'openai',
    block: {
      total_tokens: 100,
      input_tokens: 50,
      output_tokens: 50,
      input_tokens_details: { text_tokens: 10, image_tokens: 40 },
      output_tokens_details: { text_tokens: 20, image_tokens: 30 },
    },
    counts: { input: 10, input_image: 40, output: 20, output_image: 30 },
  },
  // https://platform.openai.com/docs/api-reference/audio/createTranscription
  {
    name: 'OpenAI transcription by tokens',
    provider: 'openai',
    block: {
      type: 'tokens',
      input_tokens: 14,
      input_token_details: { text_tokens: 0, audio_tokens: 14 },
      output_tokens: 45,
      total_tokens: 59,
    },
    counts: { input_audio: 14, output: 45 },
  },
  { name: 'OpenAI transcription by duration', block: { type: 'duration', seconds: 8.6 }, counts: { audio_second: 9 } },
  // https://platform.openai.com/docs/guides/realtime-costs
  {
    name: 'OpenAI realtime, cached audio',
    provider: 'openai',
    block: {
      total_tokens: 253,
      input_tokens: 132,
      output_tokens: 121,
      input_token_details: {
        text_tokens: 119,
        audio_tokens: 13,
        image_tokens: 0,
        cached_tokens: 64,
        cached_tokens_details: { text_tokens: 60, audio_tokens: 4, image_tokens: 0 },
      },
      output_token_details: { text_tokens: 30, audio_tokens: 91 },
    },
    counts: { input: 59, cache_read: 60, cache_read_audio: 4, input_audio: 9, output: 30, output_audio: 91 },
  },
  // https://ai.google.dev/gemini-api/docs/thinking
  {
    name: 'Gemini, thoughts beside the candidates',
    provider: 'google',
    block: { promptTokenCount: 100, candidatesTokenCount: 20, thoughtsTokenCount: 50, totalTokenCount: 170 },
    counts: { input: 100, output: 20, reasoning: 50 },
  },
  {
    name: 'Gemini, modalities, cache and tool prompt, snake case, served as flex',
    provider: 'google',
    block: {
      prompt_token_count: 1000,
      cached_content_token_count: 400,
      candidates_token_count: 60,
      tool_use_prompt_token_count: 30,
      total_token_count: 1090,
      prompt_tokens_details: [
        { modality: 'TEXT', token_count: 500 },
        { modality: 'AUDIO', token_count: 300 },
        { modality: 'DOCUMENT', token_count: 200 },
      ],
      cache_tokens_details: [
        { modality: 'TEXT', token_count: 300 },
        { modality: 'AUDIO', token_count: 100 },
      ],
      candidates_tokens_details: [{ modality: 'TEXT', token_count: 60 }],
      traffic_type: 'ON_DEMAND_FLEX',
    },
    counts: { input: 230, cache_read: 300, cache_read_audio: 100, input_audio: 200, input_image: 200, output: 60 },
    tier: 'flex',
  },
  {
    name: 'Gemini on provisioned throughput',
    provider: 'google',
    block: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2, trafficType: 'PROVISIONED_THROUGHPUT' },
    counts: { input: 1, output: 1 },
    tier: 'provisioned',
  },
  {
    name: 'Gemini embeddings, which drop an "s"',
    provider: 'google',
    block: { promptTokenCount: 261, promptTokenDetails: [{ modality: 'IMAGE', tokenCount: 258 }] },
    counts: { input: 3, input_image: 258 },
  },
  {
    name: 'Gemini interactions',
    provider: 'google',
    block: {
      total_tokens: 58,
      total_input_tokens: 7,
      input_tokens_by_modality: [{ modality: 'text', tokens: 7 }],
      total_cached_tokens: 0,
      total_output_tokens: 19,
      total_tool_use_tokens: 0,
      total_thought_tokens: 32,
    },
    counts: { input: 7, output: 19, reasoning: 32 },
  },
  {
    name: 'Gemini, thoughts and candidates but no prompt',
    provider: 'google',
    block: { candidatesTokenCount: 18, thoughtsTokenCount: 58 },
    invalid: 'promptTokenCount is missing',
  },
  {
    name: 'Gemini, a total that does not add up',
    provider: 'google',
    block: { promptTokenCount: 100, candidatesTokenCount: 20, totalTokenCount: 170 },
    invalid: 'totalTokenCount (170) is not prompt (100)',
  },
  // https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
  {
    name: 'Bedrock Converse, writes by time to live',
    provider: 'aws',
    block: {
      inputTokens: 10,
      outputTokens: 200,
      totalTokens: 3210,
      cacheReadInputTokens: 1000,
      cacheWriteInputTokens: 2000,
      cacheDetails: [
        { ttl: '1h', inputTokens: 1500 },
        { ttl: '5m', inputTokens: 500 },
      ],
    },
    counts: { input: 10, cache_read: 1000, cache_write_5m: 500, cache_write_1h: 1500, output: 200 },
  },
  {
    name: 'Bedrock Converse, the same counts under both of their names',
    block: {
      inputTokens: 3,
      outputTokens: 121,
      totalTokens: 2072,
      cacheReadInputTokens: 1712,
      cacheReadInputTokenCount: 1712,
      cacheWriteInputTokens: 236,
      cacheWriteInputTokenCount: 236,
      cacheDetails: [{ ttl: '5m', inputTokens: 236 }],
      serverToolUsage: {},
    },
    counts: { input: 3, cache_read: 1712, cache_write_5m: 236, output: 121 },
  },
  {
    name: 'Bedrock InvokeModel headers',
    block: {
      'x-amzn-bedrock-input-token-count': '4',
      'x-amzn-bedrock-output-token-count': '50',
      'x-amzn-bedrock-cache-read-input-token-count': '18131',
      'x-amzn-bedrock-cache-write-input-token-count': '0',
      'x-amzn-bedrock-invocation-latency': '1859',
    },
    counts: { input: 4, cache_read: 18_131, output: 50 },
  },
  {
    name: 'Bedrock InvokeModel metrics',
    block: { inputTokenCount: 11, outputTokenCount: 22, invocationLatency: 900, firstByteLatency: 300 },
    counts: { input: 11, output: 22 },
  },
  {
    name: "Claude's own block on Bedrock",
    provider: 'aws',
    block: { input_tokens: 10, cache_read_input_tokens: 90, output_tokens: 5 },
    counts: { input: 10, cache_read: 90, output: 5 },
  },
  // https://docs.mistral.ai/api/
  {
    name: 'Mistral chat with audio',
    provider: 'mistral',
    block: { prompt_audio_seconds: 8, prompt_tokens: 400, completion_tokens: 20, total_tokens: 420 },
    counts: { input: 400, output: 20, audio_second: 8 },
  },
  {
    name: 'Mistral SDK, no audio',
    provider: 'mistral',
    block: { promptTokens: 4, completionTokens: 2, totalTokens: 6, promptAudioSeconds: {} },
    counts: { input: 4, output: 2 },
  },
  {
    name: 'Mistral OCR',
    provider: 'mistral',
    block: { pages_processed: 12, doc_size_bytes: 4096 },
    counts: { page: 12 },
  },
  {
    name: 'Mistral transcription: its audio is in the total as tokens, and billed by the second',
    provider: 'mistral',
    block: {
      prompt_audio_seconds: 3,
      prompt_tokens: 3,
      completion_tokens: 11,
      total_tokens: 389,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 375 },
    },
    counts: { input: 3, output: 11, audio_second: 3 },
    audioTokens: 375,
  },
  // https://docs.cohere.com/reference/chat
  {
    name: 'Cohere chat: the billed units, not the tokens',
    provider: 'cohere',
    block: { billed_units: { input_tokens: 5, output_tokens: 418 }, tokens: { input_tokens: 71, output_tokens: 418 } },
    counts: { input: 5, output: 418 },
  },
  {
    name: 'Cohere rerank',
    provider: 'cohere',
    block: { apiVersion: { version: '2' }, billedUnits: { searchUnits: 1 } },
    counts: { search_unit: 1 },
  },
  {
    name: 'Cohere classify has no unit here',
    provider: 'cohere',
    block: { billed_units: { classifications: 3 } },
    invalid: 'classifications is not known (3)',
  },
  // https://console.groq.com/docs/api-reference
  {
    name: 'Groq',
    provider: 'groq',
    block: {
      queue_time: 0.037,
      prompt_tokens: 18,
      prompt_time: 0.00068,
      completion_tokens: 556,
      completion_time: 0.46,
      total_tokens: 574,
      total_time: 0.4607,
    },
    counts: { input: 18, output: 556 },
  },
  {
    name: 'Together, cached tokens beside the totals',
    provider: 'together',
    block: { prompt_tokens: 100, cached_tokens: 40, completion_tokens: 7, total_tokens: 107 },
    counts: { input: 60, cache_read: 40, output: 7 },
  },
  // https://api-docs.deepseek.com/guides/kv_cache
  {
    name: 'DeepSeek, hits and misses said twice',
    provider: 'deepseek',
    block: {
      prompt_tokens: 100,
      prompt_cache_hit_tokens: 64,
      prompt_cache_miss_tokens: 36,
      prompt_tokens_details: { cached_tokens: 64 },
      completion_tokens: 9,
      completion_tokens_details: { reasoning_tokens: 4 },
      total_tokens: 109,
    },
    counts: { input: 36, cache_read: 64, output: 5, reasoning: 4 },
  },
  {
    name: 'DeepSeek, hits and misses that are not the prompt',
    provider: 'deepseek',
    block: { prompt_tokens: 100, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 3, completion_tokens: 9 },
    invalid: 'prompt_cache_hit_tokens (64) + prompt_cache_miss_tokens (3) are not prompt_tokens (100)',
  },
  // https://docs.x.ai/docs/guides/reasoning, https://docs.x.ai/developers/cost-tracking
  {
    name: 'xAI, reasoning outside the completion, tools, the charge in ticks',
    provider: 'x-ai',
    block: {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      prompt_tokens_details: { text_tokens: 32, audio_tokens: 0, image_tokens: 0, cached_tokens: 6 },
      completion_tokens_details: { reasoning_tokens: 94, audio_tokens: 0 },
      num_sources_used: 0,
      num_server_side_tools_used: 3,
      server_side_tool_usage_details: { web_search_calls: 2, x_search_calls: 1, mcp_calls: 0 },
      cost_in_usd_ticks: 37_756_000,
    },
    counts: { input: 26, cache_read: 6, output: 9, reasoning: 94, web_search: 3 },
    cost: '0.0037756',
  },
  {
    name: 'xAI responses through any client',
    block: {
      input_tokens: 5689,
      input_tokens_details: { cached_tokens: 2048 },
      output_tokens: 444,
      output_tokens_details: { reasoning_tokens: 245 },
      total_tokens: 6133,
      num_sources_used: 0,
      num_server_side_tools_used: 2,
      cost_in_usd_ticks: 160_708_500,
      server_side_tool_usage_details: { web_search_calls: 2, x_search_calls: 0 },
      context_details: { input_tokens: 3100, output_tokens: 444 },
    },
    counts: { input: 3641, cache_read: 2048, output: 199, reasoning: 245, web_search: 2 },
    cost: '0.01607085',
  },
  // https://openrouter.ai/docs/use-cases/usage-accounting
  {
    name: 'OpenRouter, what it charged',
    provider: 'openrouter',
    block: {
      prompt_tokens: 194,
      completion_tokens: 2,
      total_tokens: 196,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
      cost: 0.000_142_25,
      is_byok: false,
      cost_details: { upstream_inference_cost: 0.000_12 },
    },
    counts: { input: 194, output: 2 },
    cost: '0.00014225',
  },
  {
    name: "OpenRouter with one's own key: its fee and the provider's part",
    provider: 'openrouter',
    block: {
      prompt_tokens: 10,
      completion_tokens: 1,
      cost: 0.000_001,
      is_byok: true,
      cost_details: { upstream_inference_cost: 0.000_019 },
    },
    counts: { input: 10, output: 1 },
    cost: '0.00002',
  },
  {
    name: 'OpenRouter embeddings through any client',
    block: { prompt_tokens: 3, total_tokens: 3, cost: 6e-8, is_byok: false },
    counts: { input: 3 },
    cost: '0.00000006',
  },
  {
    name: 'OpenRouter responses',
    provider: 'openrouter',
    block: {
      input_tokens: 78,
      output_tokens: 37,
      output_tokens_details: { reasoning_tokens: 22 },
      total_tokens: 115,
      cost: 0.000_011_3,
      is_byok: false,
    },
    counts: { input: 78, output: 15, reasoning: 22 },
    cost: '0.0000113',
  },
  // https://docs.perplexity.ai/docs/getting-started/pricing
  {
    name: 'Perplexity sonar, a wide search',
    provider: 'perplexity',
    block: {
      prompt_tokens: 14,
      completion_tokens: 287,
      total_tokens: 301,
      search_context_size: 'high',
      cost: { input_tokens_cost: 0.000_014, output_tokens_cost: 0.000_287, request_cost: 0.012, total_cost: 0.012_301 },
    },
    counts: { input: 14, output: 287, request_high: 1 },
    cost: '0.012301',
  },
  {
    name: 'Perplexity deep research',
    provider: 'perplexity',
    block: {
      prompt_tokens: 33,
      completion_tokens: 7163,
      total_tokens: 7196,
      citation_tokens: 20_016,
      num_search_queries: 18,
      reasoning_tokens: 73_997,
    },
    counts: { input: 33, output: 7163, reasoning: 73_997, citation: 20_016, web_search: 18 },
  },
  // https://github.com/ollama/ollama/blob/main/docs/api.md
  {
    name: 'Ollama',
    block: { prompt_eval_count: 26, eval_count: 259, total_duration: 10_706_818_083, eval_duration: 4_709_213_000 },
    counts: { input: 26, output: 259 },
  },
  // https://docs.voyageai.com/reference/multimodal-embeddings-api
  { name: 'Voyage', provider: 'voyageai', block: { total_tokens: 10 }, counts: { input: 10 } },
  {
    name: 'Voyage, text and pixels',
    provider: 'voyageai',
    block: { text_tokens: 5, image_pixels: 2_000_000, total_tokens: 3577 },
    counts: { input: 5, pixel: 2_000_000 },
  },
  {
    name: 'Azure OpenAI chat',
    provider: 'azure',
    block: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15, prompt_tokens_details: { cached_tokens: 0 } },
    counts: { input: 12, output: 3 },
  },
  {
    name: 'our own units',
    block: { input: 3, cache_read: 2, output: 1, web_search: 1 },
    counts: { input: 3, cache_read: 2, output: 1, web_search: 1 },
  },
  { name: 'our own units, negative', block: { input: -3 }, invalid: 'input is negative (-3)' },
  { name: 'nothing that is known', block: { smoke: 3 }, invalid: 'smoke' },
  { name: 'a count beyond 2^53', block: { prompt_tokens: 2 ** 53, completion_tokens: 1 }, invalid: '9007199254740992' },
  { name: 'NaN', block: { prompt_tokens: NaN, completion_tokens: 1 }, invalid: 'prompt_tokens is NaN' },
];

describe('any usage block', () => {
  it.each(rows)('$name', ({ provider, block, counts, invalid, tier, cost, audioTokens }) => {
    const reading = readUsageBlock(provider, block);
    if (invalid === undefined) expect(reading.usage).toEqual({ status: 'known', counts, basis: 'reported' });
    else expect(reading.usage).toEqual({ status: 'invalid', detail: expect.stringContaining(invalid) as string });
    expect(reading.tier).toBe(tier);
    expect(reading.audioTokens).toBe(audioTokens);
    expect(reading.reportedCost === undefined ? undefined : formatUsd(reading.reportedCost)).toBe(cost);
  });

  it('is found by its keys alone where no provider is named', () => {
    for (const { block, counts, name } of rows.filter((row) => row.counts !== undefined)) {
      const { usage } = readUsageBlock(undefined, block);
      // Without a name these look like the general dialect, whose reader refuses what it doesn't know.
      if (usage.status === 'known') expect(usage.counts, name).toEqual(counts);
    }
  });
});
