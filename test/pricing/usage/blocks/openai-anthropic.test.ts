import { describe, expect, it } from 'vitest';
import {
  readAnthropicMessagesUsage,
  readOpenAIChatUsage,
  readOpenAIResponsesUsage,
  type BlockReader,
} from '../../../../pricing/usage/blocks/index.ts';

interface Row {
  readonly name: string;
  readonly read: BlockReader;
  readonly block: unknown;
  readonly counts?: Readonly<Record<string, number>>;
  readonly invalid?: string;
  readonly tier?: string;
  readonly region?: string;
}

const rows: readonly Row[] = [
  {
    name: 'OpenAI chat, plain',
    read: readOpenAIChatUsage,
    block: { prompt_tokens: 1250, completion_tokens: 340, total_tokens: 1590 },
    counts: { input: 1250, output: 340 },
  },
  {
    name: 'OpenAI chat, cached, reasoning, audio and predictions inside the totals',
    read: readOpenAIChatUsage,
    block: {
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 6 },
      completion_tokens_details: {
        reasoning_tokens: 128,
        audio_tokens: 10,
        accepted_prediction_tokens: 4,
        rejected_prediction_tokens: 20,
      },
    },
    counts: { input: 80, cache_read: 1920, input_audio: 6, output: 162, reasoning: 128, output_audio: 10 },
  },
  {
    name: 'OpenAI chat, a host whose total adds the reasoning',
    read: readOpenAIChatUsage,
    block: {
      prompt_tokens: 37,
      completion_tokens: 530,
      total_tokens: 800,
      completion_tokens_details: { reasoning_tokens: 233 },
    },
    counts: { input: 37, output: 530, reasoning: 233 },
  },
  {
    name: 'OpenAI chat, more cached than sent',
    read: readOpenAIChatUsage,
    block: { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 11 } },
    invalid: 'cached, written and modality tokens (11) exceed input (10)',
  },
  {
    name: 'OpenAI chat, a total that adds up to nothing',
    read: readOpenAIChatUsage,
    block: { prompt_tokens: 10, completion_tokens: 1, total_tokens: 99 },
    invalid: 'total_tokens (99) is not prompt_tokens (10)',
  },
  {
    name: 'OpenAI chat, a new kind of token',
    read: readOpenAIChatUsage,
    block: { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { hologram_tokens: 7, zero: 0 } },
    invalid: 'prompt_tokens_details.hologram_tokens is not known (7)',
  },
  {
    name: 'OpenAI chat, impossible counts, all named',
    read: readOpenAIChatUsage,
    block: { prompt_tokens: -1, completion_tokens: 1.5 },
    invalid: 'prompt_tokens is -1, not a whole number from 0 to 2^53; completion_tokens is 1.5',
  },
  {
    name: 'OpenAI responses',
    read: readOpenAIResponsesUsage,
    block: {
      input_tokens: 81,
      input_tokens_details: {
        cached_tokens: 50,
        cache_write_tokens: 20,
        cache_write_tokens_details: { ttl_30m_tokens: 20 },
      },
      output_tokens: 1035,
      output_tokens_details: { reasoning_tokens: 832 },
      total_tokens: 1116,
    },
    counts: { input: 11, cache_read: 50, cache_write: 20, output: 203, reasoning: 832 },
  },
  {
    name: 'Anthropic, caches beside input, served tier and geography',
    read: readAnthropicMessagesUsage,
    block: {
      input_tokens: 1000,
      cache_read_input_tokens: 20_000,
      cache_creation_input_tokens: 4000,
      cache_creation: { ephemeral_5m_input_tokens: 3000, ephemeral_1h_input_tokens: 1000 },
      output_tokens: 500,
      output_tokens_details: { thinking_tokens: 100 },
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
      service_tier: 'batch',
      inference_geo: 'us',
    },
    counts: {
      input: 1000,
      cache_read: 20_000,
      cache_write_5m: 3000,
      cache_write_1h: 1000,
      output: 400,
      reasoning: 100,
      web_search: 2,
    },
    tier: 'batch',
    region: 'us',
  },
  {
    name: 'Anthropic, a write of unknown time to live; fast mode',
    read: readAnthropicMessagesUsage,
    block: {
      input_tokens: 5,
      cache_creation_input_tokens: 7,
      output_tokens: 1,
      speed: 'fast',
      service_tier: 'standard',
    },
    counts: { input: 5, cache_write: 7, output: 1 },
    tier: 'priority',
  },
  {
    name: 'Anthropic, compaction is billed beside the totals',
    read: readAnthropicMessagesUsage,
    block: {
      input_tokens: 45_000,
      output_tokens: 1234,
      iterations: [
        { type: 'compaction', input_tokens: 180_000, output_tokens: 3500 },
        { type: 'message', input_tokens: 45_000, output_tokens: 1234 },
      ],
    },
    counts: { input: 225_000, output: 4734 },
  },
  {
    name: 'Anthropic, writes by time to live exceed the writes',
    read: readAnthropicMessagesUsage,
    block: {
      input_tokens: 5,
      cache_creation_input_tokens: 7,
      cache_creation: { ephemeral_5m_input_tokens: 8 },
      output_tokens: 1,
    },
    invalid: 'ephemeral_5m_input_tokens (8) + ephemeral_1h_input_tokens (0) exceed cache_creation_input_tokens (7)',
  },
];

describe('usage blocks', () => {
  it.each(rows)('$name', ({ read, block, counts, invalid, tier, region }) => {
    const reading = read(block);
    if (invalid === undefined) expect(reading.usage).toEqual({ status: 'known', counts, basis: 'reported' });
    else expect(reading.usage).toEqual({ status: 'invalid', detail: expect.stringContaining(invalid) as string });
    expect(reading.tier).toBe(tier);
    expect(reading.region).toBe(region);
  });

  it.each([readOpenAIChatUsage, readOpenAIResponsesUsage, readAnthropicMessagesUsage])('%o knows absence', (read) => {
    for (const block of [undefined, null, {}]) expect(read(block).usage).toEqual({ status: 'missing' });
    for (const block of [3, 'x', [1]]) expect(read(block).usage.status).toBe('invalid');
  });
});
