import type { Attributes } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../../instrumentation/apis/anthropic-messages.ts';
import type { Json, WireApi } from '../../instrumentation/apis/api.ts';
import { bedrockConverse, bedrockInvoke, countsOfHeaders } from '../../instrumentation/apis/bedrock.ts';
import { cohereChat, cohereEmbeddings, cohereRerank } from '../../instrumentation/apis/cohere.ts';
import { geminiContent, geminiEmbeddings, geminiInteractions } from '../../instrumentation/apis/gemini.ts';
import { apiOf, apiOfUrl } from '../../instrumentation/apis/index.ts';
import { mistralOcr } from '../../instrumentation/apis/ocr.ts';
import { ollamaChat, ollamaEmbeddings, ollamaGenerate } from '../../instrumentation/apis/ollama.ts';
import { openaiSpeech, openaiTranscriptions } from '../../instrumentation/apis/openai-audio.ts';
import { openaiChat, openaiCompletions } from '../../instrumentation/apis/openai-chat.ts';
import { openaiEmbeddings } from '../../instrumentation/apis/openai-embeddings.ts';
import { openaiImages } from '../../instrumentation/apis/openai-images.ts';
import { openaiResponses } from '../../instrumentation/apis/openai-responses.ts';
import { rerank } from '../../instrumentation/apis/rerank.ts';
import { Call } from '../../instrumentation/call.ts';

interface Exchange {
  readonly provider?: string;
  readonly path?: string;
  readonly request: Json;
  readonly body?: Json;
  readonly events?: readonly Json[];
  /** Left before the end. */
  readonly left?: true;
}

/** What a span says of an exchange, without what every span says. */
function spanOf(api: WireApi, { provider = 'openai', path = '/', request, body, events, left }: Exchange): Attributes {
  let attributes: Attributes = {};
  const start = { api, body: request, path, server: undefined, provider, tags: {}, parent: undefined };
  const call = new Call(start, (_call, finished) => ({ attributes } = finished));
  call.answered();
  if (body !== undefined) call.body(body);
  for (const event of events ?? []) call.event(event);
  if (left === true) call.end();
  else call.complete();
  const { 'gen_ai.operation.name': _operation, 'gen_ai.provider.name': _provider, ...rest } = attributes;
  const { 'spanledger.attempts': _attempts, 'spanledger.usage.raw': _raw, ...own } = rest;
  return own;
}

const m = { 'gen_ai.request.model': 'm' };
const counts = (input: number, output: number): Attributes => ({
  'gen_ai.usage.input_tokens': input,
  'gen_ai.usage.output_tokens': output,
  'spanledger.usage.state': 'reported',
});

const table: readonly (readonly [name: string, api: WireApi, exchange: Exchange, expected: Attributes])[] = [
  [
    'chat, with everything',
    openaiChat,
    {
      request: { model: 'm', max_tokens: 5 },
      body: {
        id: 'c1',
        model: 'm-1',
        service_tier: 'flex',
        choices: [
          { index: 0, finish_reason: 'stop' },
          { index: 1, finish_reason: 'length' },
        ],
        usage: {
          prompt_tokens: 100,
          completion_tokens: 50,
          total_tokens: 150,
          prompt_tokens_details: { cached_tokens: 60, audio_tokens: 10 },
          completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 5 },
        },
      },
    },
    {
      ...m,
      ...counts(100, 50),
      'gen_ai.request.max_tokens': 5,
      'gen_ai.response.id': 'c1',
      'gen_ai.response.model': 'm-1',
      'gen_ai.response.finish_reasons': ['stop', 'length'],
      'gen_ai.usage.cache_read.input_tokens': 60,
      'gen_ai.usage.reasoning.output_tokens': 20,
      'spanledger.usage.input_audio': 10,
      'gen_ai.usage.audio.input_tokens': 10,
      'spanledger.usage.output_audio': 5,
      'gen_ai.usage.audio.output_tokens': 5,
      'openai.response.service_tier': 'flex',
      'spanledger.service_tier': 'flex',
    },
  ],
  [
    'chat, a stream whose usage nobody told',
    openaiChat,
    {
      request: { model: 'm', stream: true, messages: [{ role: 'user', content: 'eight by' }] },
      events: [
        { choices: [{ index: 0, delta: { content: 'four' }, finish_reason: null }] },
        { choices: [{ index: 0, delta: { reasoning_content: 'four' }, finish_reason: null }] },
        { choices: [{ index: 0, delta: { tool_calls: [{ function: { name: 'four', arguments: '{}' } }] } }] },
        { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
      ],
    },
    {
      ...m,
      'gen_ai.request.stream': true,
      'gen_ai.response.finish_reasons': ['tool_calls'],
      'gen_ai.usage.input_tokens': 2,
      'gen_ai.usage.output_tokens': 4,
      'spanledger.usage.estimated': ['input', 'output'],
      'spanledger.usage.state': 'estimated',
    },
  ],
  [
    'chat, a block that contradicts itself',
    openaiChat,
    { request: { model: 'm' }, body: { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 9 } } },
    {
      ...m,
      'spanledger.usage.invalid':
        'total_tokens (9) is not prompt_tokens (1) + completion_tokens (1), with or without reasoning_tokens (0)',
      'spanledger.usage.state': 'absent',
    },
  ],
  [
    'chat at Groq, a stream that tells in its own place',
    openaiChat,
    {
      provider: 'groq',
      request: { model: 'm', stream: true },
      events: [
        {
          choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
          x_groq: { usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6, total_time: 0.1 } },
        },
      ],
    },
    { ...m, ...counts(4, 2), 'gen_ai.request.stream': true, 'gen_ai.response.finish_reasons': ['stop'] },
  ],
  [
    'completions',
    openaiCompletions,
    { request: { model: 'm', prompt: 'x' }, body: { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } } },
    { ...m, ...counts(1, 2) },
  ],
  [
    'responses, with tools of its own',
    openaiResponses,
    {
      request: { model: 'm' },
      body: {
        id: 'r1',
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        service_tier: 'priority',
        output: [
          { type: 'web_search_call', action: { type: 'search' } },
          { type: 'web_search_call', action: { type: 'open_page' } },
          { type: 'file_search_call' },
          { type: 'code_interpreter_call', container_id: 'a' },
          { type: 'code_interpreter_call', container_id: 'a' },
        ],
        usage: { input_tokens: 9, output_tokens: 3, total_tokens: 12 },
      },
    },
    {
      ...m,
      ...counts(9, 3),
      'gen_ai.response.id': 'r1',
      'gen_ai.response.finish_reasons': ['max_output_tokens'],
      'spanledger.usage.web_search': 1,
      'spanledger.usage.file_search': 1,
      'spanledger.usage.code_session': 1,
      'openai.response.service_tier': 'priority',
      'spanledger.service_tier': 'priority',
    },
  ],
  [
    'responses, a stream that fails',
    openaiResponses,
    {
      request: { model: 'm', stream: true },
      events: [
        { type: 'response.created', response: { id: 'r2', model: 'm-1' } },
        { type: 'response.output_text.delta', delta: 'four' },
        {
          type: 'response.failed',
          response: {
            status: 'failed',
            error: { code: 'server_error' },
            usage: { input_tokens: 9, output_tokens: 1, total_tokens: 10 },
          },
        },
      ],
    },
    {
      ...m,
      ...counts(9, 1),
      'gen_ai.request.stream': true,
      'gen_ai.response.id': 'r2',
      'gen_ai.response.model': 'm-1',
      'gen_ai.response.finish_reasons': ['failed'],
      'error.type': 'server_error',
    },
  ],
  [
    'embeddings',
    openaiEmbeddings,
    { request: { model: 'm', input: 'x' }, body: { model: 'm-1', usage: { prompt_tokens: 8, total_tokens: 8 } } },
    { ...m, ...counts(8, 0), 'gen_ai.response.model': 'm-1' },
  ],
  [
    'embeddings at Voyage',
    openaiEmbeddings,
    { provider: 'voyage_ai', request: { model: 'm' }, body: { usage: { total_tokens: 8 } } },
    { ...m, ...counts(8, 0) },
  ],
  [
    'images by tokens',
    openaiImages,
    {
      request: { model: 'm', prompt: 'a cat' },
      body: {
        data: [{}],
        usage: {
          input_tokens: 50,
          output_tokens: 90,
          total_tokens: 140,
          input_tokens_details: { text_tokens: 10, image_tokens: 40 },
        },
      },
    },
    {
      ...m,
      ...counts(50, 90),
      'spanledger.usage.input_image': 40,
      'gen_ai.usage.image.input_tokens': 40,
      'spanledger.usage.output_image': 90,
      'gen_ai.usage.image.output_tokens': 90,
    },
  ],
  [
    'images by the piece',
    openaiImages,
    { request: { model: 'm', prompt: 'a cat' }, body: { data: [{}, {}] } },
    { ...m, 'spanledger.usage.image': 2, 'spanledger.usage.state': 'reported' },
  ],
  [
    'a transcription by duration',
    openaiTranscriptions,
    { request: { model: 'm' }, body: { text: 'hi', usage: { type: 'duration', seconds: 9 } } },
    { ...m, 'spanledger.usage.audio_second': 9, 'spanledger.usage.state': 'reported' },
  ],
  [
    'speech by the characters of the request',
    openaiSpeech,
    { request: { model: 'm', input: 'héllo 👋' } },
    { ...m, 'spanledger.usage.character': 7, 'spanledger.usage.state': 'reported' },
  ],
  [
    'messages, left after the start',
    anthropicMessages,
    {
      provider: 'anthropic',
      request: { model: 'm', stream: true },
      events: [
        {
          type: 'message_start',
          message: {
            id: 'm1',
            model: 'm-1',
            usage: { input_tokens: 5, cache_read_input_tokens: 10, output_tokens: 1 },
          },
        },
        { type: 'content_block_delta', delta: { type: 'text_delta', text: 'sixteen letters.' } },
      ],
      left: true,
    },
    {
      ...m,
      'gen_ai.request.stream': true,
      'gen_ai.response.id': 'm1',
      'gen_ai.response.model': 'm-1',
      'gen_ai.usage.input_tokens': 15,
      'gen_ai.usage.output_tokens': 4,
      'gen_ai.usage.cache_read.input_tokens': 10,
      'spanledger.usage.estimated': ['output'],
      'spanledger.usage.state': 'incomplete',
    },
  ],
  [
    'messages on Vertex, the model in the path',
    anthropicMessages,
    {
      path: '/v1/projects/p/locations/us/publishers/anthropic/models/m:rawPredict',
      request: { messages: [] },
      body: { id: 'm1', usage: { input_tokens: 5, output_tokens: 1 }, stop_reason: 'end_turn' },
    },
    { ...m, ...counts(5, 1), 'gen_ai.response.id': 'm1', 'gen_ai.response.finish_reasons': ['end_turn'] },
  ],
  [
    'Gemini, thoughts and tools outside the totals',
    geminiContent,
    {
      path: '/v1beta/models/m:generateContent',
      request: { contents: [], generationConfig: { maxOutputTokens: 7 } },
      body: {
        responseId: 'g1',
        modelVersion: 'm-1',
        candidates: [{ finishReason: 'STOP' }],
        usageMetadata: {
          promptTokenCount: 10,
          toolUsePromptTokenCount: 2,
          candidatesTokenCount: 3,
          thoughtsTokenCount: 4,
          totalTokenCount: 19,
        },
      },
    },
    {
      ...m,
      ...counts(12, 7),
      'gen_ai.request.max_tokens': 7,
      'gen_ai.response.id': 'g1',
      'gen_ai.response.model': 'm-1',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.reasoning.output_tokens': 4,
    },
  ],
  [
    'Gemini, a stream whose figures are cumulative',
    geminiContent,
    {
      path: '/v1beta/models/m:streamGenerateContent',
      request: { contents: [] },
      events: [
        { usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 } },
        {
          candidates: [{ finishReason: 'MAX_TOKENS', content: { parts: [{ text: 'x' }] } }],
          usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
        },
      ],
    },
    { ...m, ...counts(10, 5), 'gen_ai.request.stream': true, 'gen_ai.response.finish_reasons': ['max_tokens'] },
  ],
  [
    'Gemini embeddings, details in the singular',
    geminiEmbeddings,
    {
      path: '/v1beta/models/m:batchEmbedContents',
      request: {},
      body: {
        usageMetadata: {
          promptTokenCount: 261,
          promptTokenDetails: [
            { modality: 'IMAGE', tokenCount: 258 },
            { modality: 'TEXT', tokenCount: 3 },
          ],
        },
      },
    },
    { ...m, ...counts(261, 0), 'spanledger.usage.input_image': 258, 'gen_ai.usage.image.input_tokens': 258 },
  ],
  [
    'Gemini interactions',
    geminiInteractions,
    {
      request: { model: 'm', stream: true },
      events: [
        { event_type: 'content.delta', delta: { text: 'x' } },
        {
          event_type: 'interaction.complete',
          interaction: {
            id: 'i1',
            status: 'completed',
            usage: { total_tokens: 58, total_input_tokens: 7, total_output_tokens: 19, total_thought_tokens: 32 },
          },
        },
      ],
    },
    {
      ...m,
      ...counts(7, 51),
      'gen_ai.request.stream': true,
      'gen_ai.response.id': 'i1',
      'gen_ai.response.finish_reasons': ['completed'],
      'gen_ai.usage.reasoning.output_tokens': 32,
    },
  ],
  [
    'Converse, a stream read to its metadata',
    bedrockConverse,
    {
      path: 'converse-stream',
      request: { modelId: 'm', inferenceConfig: { maxTokens: 9 } },
      events: [
        { contentBlockDelta: { delta: { text: 'x' } } },
        { messageStop: { stopReason: 'end_turn' } },
        { metadata: { usage: { inputTokens: 5, outputTokens: 2, totalTokens: 27, cacheWriteInputTokens: 20 } } },
      ],
    },
    {
      ...m,
      ...counts(25, 2),
      'gen_ai.request.max_tokens': 9,
      'gen_ai.request.stream': true,
      'gen_ai.response.finish_reasons': ['end_turn'],
      'gen_ai.usage.cache_write.input_tokens': 20,
      'gen_ai.usage.cache_creation.input_tokens': 20,
    },
  ],
  [
    'InvokeModel, metrics on the last chunk',
    bedrockInvoke,
    {
      path: 'invoke-with-response-stream',
      request: { modelId: 'm', prompt: 'x' },
      events: [
        { generation: 'x' },
        { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 4, outputTokenCount: 10, invocationLatency: 5 } },
      ],
    },
    { ...m, ...counts(4, 10), 'gen_ai.request.stream': true },
  ],
  [
    'Cohere 2, the bill and not the tokens',
    cohereChat,
    {
      request: { model: 'm', stream: true },
      events: [
        { type: 'message-start', id: 'h1' },
        { type: 'content-delta', delta: { message: { content: { text: 'x' } } } },
        {
          type: 'message-end',
          delta: {
            finish_reason: 'COMPLETE',
            usage: { billed_units: { input_tokens: 4, output_tokens: 6 }, tokens: { input_tokens: 99 } },
          },
        },
      ],
    },
    {
      ...m,
      ...counts(4, 6),
      'gen_ai.request.stream': true,
      'gen_ai.response.id': 'h1',
      'gen_ai.response.finish_reasons': ['complete'],
    },
  ],
  [
    'Cohere 1, a stream that ends with the whole response',
    cohereChat,
    {
      request: { model: 'm', stream: true },
      events: [
        { event_type: 'text-generation', text: 'x' },
        {
          event_type: 'stream-end',
          response: { response_id: 'h2', meta: { billed_units: { input_tokens: 7, output_tokens: 115 } } },
        },
      ],
    },
    { ...m, ...counts(7, 115), 'gen_ai.request.stream': true, 'gen_ai.response.id': 'h2' },
  ],
  [
    'Cohere embeddings',
    cohereEmbeddings,
    { request: { model: 'm' }, body: { meta: { billed_units: { input_tokens: 7 } } } },
    { ...m, ...counts(7, 0) },
  ],
  [
    'Cohere rerank, by the search',
    cohereRerank,
    { request: { model: 'm' }, body: { meta: { billed_units: { search_units: 1 } } } },
    { ...m, 'spanledger.usage.search_unit': 1, 'spanledger.usage.state': 'reported' },
  ],
  [
    'rerank by the token',
    rerank,
    { request: { model: 'm' }, body: { usage: { total_tokens: 57 } } },
    { ...m, ...counts(57, 0) },
  ],
  [
    'OCR by the page',
    mistralOcr,
    { request: { model: 'm' }, body: { usage_info: { pages_processed: 3, doc_size_bytes: 9 } } },
    { ...m, 'spanledger.usage.page': 3, 'spanledger.usage.state': 'reported' },
  ],
  [
    'Ollama chat, counts on the last line',
    ollamaChat,
    {
      request: { model: 'm', options: { num_predict: 4 } },
      events: [
        { message: { content: 'x' }, done: false },
        { done: true, done_reason: 'stop', prompt_eval_count: 26, eval_count: 9, total_duration: 5 },
      ],
    },
    {
      ...m,
      ...counts(26, 9),
      'gen_ai.request.max_tokens': 4,
      'gen_ai.request.stream': true,
      'gen_ai.response.finish_reasons': ['stop'],
    },
  ],
  [
    'Ollama generate, the whole prompt cached',
    ollamaGenerate,
    { request: { model: 'm', stream: false }, body: { response: 'x', done: true, eval_count: 38 } },
    { ...m, ...counts(0, 38) },
  ],
  [
    'Ollama embeddings',
    ollamaEmbeddings,
    { request: { model: 'm', input: 'x' }, body: { embeddings: [], prompt_eval_count: 4 } },
    { ...m, ...counts(4, 0) },
  ],
];

describe('what an exchange means', () => {
  test.each(table)('%s', (_name, api, exchange, expected) => {
    expect(spanOf(api, exchange)).toEqual(expected);
  });

  test('Bedrock says its counts as headers', () => {
    const headers = { 'X-Amzn-Bedrock-Input-Token-Count': '7', 'x-amzn-bedrock-output-token-count': '98', other: '1' };
    expect(countsOfHeaders(headers)).toEqual({ inputTokenCount: 7, outputTokenCount: 98 });
    expect(countsOfHeaders({})).toBeUndefined();
  });
});

describe('which API a request speaks', () => {
  test.each([
    ['post', '/chat/completions', 'openai-chat'],
    ['POST', '/openai/deployments/d/chat/completions?api-version=1', 'openai-chat'],
    ['post', '/completions', 'openai-completions'],
    ['post', '/v1/messages?beta=true', 'anthropic-messages'],
    ['post', '/audio/speech', 'openai-speech'],
    // Threads have messages too, and batches and token counts are no calls.
    ['post', '/threads/t/messages', undefined],
    ['post', '/v1/messages/batches', undefined],
    ['post', '/v1/messages/count_tokens', undefined],
    ['post', '/moderations', undefined],
    ['get', '/chat/completions', undefined],
  ])('a client library: %s %s', (method, path, name) => {
    expect(apiOf(method, path)?.name).toBe(name);
  });

  test.each([
    ['https://api.openai.com/v1/responses', undefined, 'openai-responses', 'openai'],
    ['https://r.openai.azure.com/openai/v1/responses', undefined, 'openai-responses', 'azure.ai.openai'],
    ['https://llm.example/v1/chat/completions', undefined, 'openai-chat', 'openai'],
    ['https://llm.example/v1/messages', undefined, 'anthropic-messages', 'anthropic'],
    [
      'https://generativelanguage.googleapis.com/v1beta/models/g:generateContent',
      undefined,
      'gemini-content',
      'gcp.gemini',
    ],
    [
      'https://us-central1-aiplatform.googleapis.com/v1/publishers/google/models/g:predict',
      undefined,
      'gemini-embeddings',
      'gcp.vertex_ai',
    ],
    ['https://api.cohere.com/v2/chat', undefined, 'cohere-chat', 'cohere'],
    ['http://localhost:11434/api/chat', undefined, 'ollama-chat', 'ollama'],
    ['http://gpu.internal/api/chat', 'ollama', 'ollama-chat', 'ollama'],
    // Words that an application's own service may use.
    ['https://shop.example/api/chat', undefined, undefined, undefined],
    ['https://shop.example/v1/responses', undefined, undefined, undefined],
    ['https://shop.example/embeddings', undefined, undefined, undefined],
    ['https://shop.example/v2/chat', undefined, undefined, undefined],
  ])('by the address alone: %s', (url, caller, name, provider) => {
    const found = apiOfUrl(new URL(url), caller);
    expect([found?.api.name, found?.provider]).toEqual([name, provider]);
  });
});
