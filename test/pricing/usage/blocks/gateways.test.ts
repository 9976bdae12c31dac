import { describe, expect, test } from 'vitest';
import {
  readAzureUsage,
  readMoonshotUsage,
  readOpenAIAudioUsage,
  readOpenAIEmbeddingsUsage,
  readOpenAIResponsesUsage,
  readOpenRouterUsage,
  readXaiResponsesUsage,
  withGatewayCost,
} from '../../../../pricing/usage/blocks/index.ts';

const responses = {
  input_tokens: 78,
  output_tokens: 37,
  total_tokens: 115,
  output_tokens_details: { reasoning_tokens: 22 },
};

describe('what gateways add to a block', () => {
  test.each([
    [
      'OpenRouter embeddings',
      withGatewayCost(readOpenAIEmbeddingsUsage),
      {
        prompt_tokens: 3,
        total_tokens: 3,
        cost: 6e-8,
        is_byok: false,
        cost_details: { upstream_inference_cost: 6e-8 },
      },
      { input: 3 },
      60_000_000n,
    ],
    [
      'Perplexity embeddings',
      withGatewayCost(readOpenAIEmbeddingsUsage),
      { prompt_tokens: 3, total_tokens: 3, cost: { currency: 'USD', input_cost: 1.2e-8, total_cost: 1.2e-8 } },
      { input: 3 },
      12_000_000n,
    ],
    [
      'OpenRouter responses',
      withGatewayCost(readOpenAIResponsesUsage),
      { ...responses, cost: 0.0000113, cost_details: { upstream_inference_cost: null } },
      { input: 78, output: 15, reasoning: 22 },
      11_300_000_000n,
    ],
    [
      'OpenRouter, own key',
      withGatewayCost(readOpenAIResponsesUsage),
      { ...responses, cost: 0.0000001, is_byok: true, cost_details: { upstream_inference_cost: 0.00001 } },
      { input: 78, output: 15, reasoning: 22 },
      10_100_000_000n,
    ],
    [
      'OpenRouter transcription',
      withGatewayCost(readOpenAIAudioUsage),
      { total_tokens: 49, input_tokens: 37, output_tokens: 12, cost: 0.00010625 },
      { input: 37, output: 12 },
      106_250_000_000n,
    ],
    [
      'Pydantic gateway',
      withGatewayCost(readOpenAIResponsesUsage),
      { ...responses, pydantic_ai_gateway: { cost_estimate: 0.00009625 } },
      { input: 78, output: 15, reasoning: 22 },
      96_250_000_000n,
    ],
    [
      'no cost',
      withGatewayCost(readOpenAIResponsesUsage),
      responses,
      { input: 78, output: 15, reasoning: 22 },
      undefined,
    ],
    [
      'xAI responses',
      readXaiResponsesUsage,
      {
        ...responses,
        num_sources_used: 0,
        num_server_side_tools_used: 2,
        cost_in_usd_ticks: 6306000,
        context_details: { input_tokens: 78, output_tokens: 37 },
        server_side_tool_usage_details: { web_search_calls: 2, x_search_calls: 1, code_interpreter_calls: 0 },
      },
      { input: 78, output: 15, reasoning: 22, web_search: 3 },
      630_600_000_000n,
    ],
    [
      'Azure, timings',
      readAzureUsage,
      {
        prompt_tokens: 31,
        completion_tokens: 139,
        total_tokens: 170,
        completion_tokens_details: { reasoning_tokens: 128 },
        latency_checkpoint: { engine_tbt_ms: 8 },
      },
      { input: 31, output: 11, reasoning: 128 },
      undefined,
    ],
    [
      'Azure, Grok with more cached than prompt',
      readAzureUsage,
      {
        prompt_tokens: 23,
        completion_tokens: 110,
        total_tokens: 133,
        num_sources_used: 0,
        prompt_tokens_details: { cached_tokens: 158, text_tokens: 23 },
      },
      { input: 23, cache_read: 158, output: 110 },
      undefined,
    ],
    [
      'Azure, Grok with cached pictures',
      readAzureUsage,
      {
        prompt_tokens: 265,
        completion_tokens: 52,
        total_tokens: 317,
        prompt_tokens_details: { cached_tokens: 162, text_tokens: 9, image_tokens: 256 },
      },
      { input: 103, cache_read: 162, output: 52 },
      undefined,
    ],
    [
      'Moonshot',
      readMoonshotUsage,
      {
        prompt_tokens: 20,
        completion_tokens: 30,
        total_tokens: 50,
        cached_tokens: 10,
        completion_tokens_details: { reasoning_tokens: 22 },
      },
      { input: 10, cache_read: 10, output: 8, reasoning: 22 },
      undefined,
    ],
    [
      'OpenRouter chat with cache and tools',
      readOpenRouterUsage,
      {
        prompt_tokens: 3326,
        completion_tokens: 10,
        total_tokens: 3336,
        cost: 0.01,
        prompt_tokens_details: { cached_tokens: 3211, cache_write_tokens: 100, video_tokens: 0 },
        server_tool_use_details: { web_search_requests: 3, tool_calls_requested: 3, tool_calls_executed: 3 },
      },
      { input: 15, cache_read: 3211, cache_write: 100, output: 10, web_search: 3 },
      10_000_000_000_000n,
    ],
  ])('%s', (_name, read, block, counts, cost) => {
    const reading = read(block);
    expect(reading.usage).toEqual({ status: 'known', counts, basis: 'reported' });
    expect(reading.reportedCost).toBe(cost);
  });

  test('unknown counts are refused as before', () => {
    expect(withGatewayCost(readOpenAIResponsesUsage)({ ...responses, cost: 1, moon_tokens: 5 }).usage.status).toBe(
      'invalid',
    );
    expect(readXaiResponsesUsage({ ...responses, moon_tokens: 5 }).usage.status).toBe('invalid');
    expect(readAzureUsage(5).usage.status).toBe('invalid');
  });
});
