import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import OpenAI6 from 'openai6';
import { afterEach, describe, expect, test } from 'vitest';
import { startProvider, type Provider, type ProviderOptions } from './provider.ts';

let provider: Provider;
afterEach(() => provider.stop());

async function openai(options?: ProviderOptions): Promise<OpenAI> {
  provider = await startProvider(options);
  return new OpenAI({ apiKey: 'sk-test', baseURL: `${provider.url}/v1` });
}

async function anthropic(options?: ProviderOptions): Promise<Anthropic> {
  provider = await startProvider(options);
  return new Anthropic({ apiKey: 'sk-test', baseURL: provider.url });
}

async function nameOfError(failing: Promise<unknown>): Promise<string> {
  try {
    await failing;
    return 'none';
  } catch (error) {
    return (error as Error).constructor.name;
  }
}

const messages = [{ role: 'user' as const, content: 'What is our refund policy for annual plans?' }];
const hi = { model: 'gpt-4o', messages };
const usage = { input: 1250, output: 340, cacheRead: 200 };

describe('chat completions', () => {
  test('a plain answer names the dated model and the figures asked for', async () => {
    const client = await openai({ script: [{ usage, serviceTier: 'priority' }] });
    const answer = await client.chat.completions.create(hi);
    expect(answer).toMatchObject({ model: 'gpt-4o-2024-08-06', service_tier: 'priority' });
    expect(answer.usage).toMatchObject({ prompt_tokens: 1250, completion_tokens: 340, total_tokens: 1590 });
    expect(answer.usage?.prompt_tokens_details?.cached_tokens).toBe(200);
    expect(answer.choices[0]?.message.content?.length).toBeGreaterThan(1000);
  });

  test.each([
    ['openai 7', OpenAI],
    ['openai 6', OpenAI6 as unknown as typeof OpenAI],
  ])('%s: a stream carries usage only when asked, on one extra chunk without choices', async (_, Client) => {
    provider = await startProvider({ models: { 'gpt-4o': { usage, chunks: 5 } } });
    const client = new Client({ apiKey: 'sk-test', baseURL: `${provider.url}/v1` });
    const chunks = [];
    for await (const chunk of await client.chat.completions.create({ ...hi, stream: true })) chunks.push(chunk);
    expect(chunks).toHaveLength(7);
    expect(chunks.every((chunk) => chunk.usage === undefined)).toBe(true);

    const asked = [];
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    for await (const chunk of await client.chat.completions.create({ ...hi, ...options })) asked.push(chunk);
    expect(asked).toHaveLength(8);
    expect(asked.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(asked.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 1250, completion_tokens: 340 } });
  });

  test('the same request gets the same answer in every run', async () => {
    const first = await (await openai()).chat.completions.create(hi);
    await provider.stop();
    expect(await (await openai()).chat.completions.create(hi)).toEqual(first);
  });
});

describe('responses', () => {
  test('plain and streamed', async () => {
    const client = await openai({ models: { 'gpt-4o': { usage: { ...usage, reasoning: 40, webSearches: 1 } } } });
    const input = 'What is our refund policy?';
    const plain = await client.responses.create({ model: 'gpt-4o', input });
    const reported = {
      input_tokens: 1250,
      output_tokens: 340,
      output_tokens_details: { reasoning_tokens: 40 },
      input_tokens_details: { cached_tokens: 200 },
    };
    expect(plain.usage).toMatchObject(reported);
    expect(plain.output.map((item) => item.type)).toEqual(['web_search_call', 'message']);
    const events = [];
    for await (const event of await client.responses.create({ model: 'gpt-4o', input, stream: true }))
      events.push(event);
    expect(events[0]?.type).toBe('response.created');
    const spoken = events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta);
    expect(spoken.join('')).toBe(plain.output_text);
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { usage: reported } });
  });

  test('an answer that reached its limit ends incomplete, with usage', async () => {
    const client = await openai({ script: [{ finish: 'length' }] });
    const events = [];
    const body = { model: 'gpt-4o', input: 'Tell me all', stream: true, max_output_tokens: 16 } as const;
    for await (const event of await client.responses.create(body)) events.push(event);
    expect(events.at(-1)).toMatchObject({ type: 'response.incomplete', response: { usage: { output_tokens: 16 } } });
  });
});

test('embeddings count their input', async () => {
  const client = await openai();
  const answer = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['one text', 'another'] });
  expect(answer.data.map(({ embedding }) => embedding.length)).toEqual([8, 8]);
  expect(answer.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
});

describe('messages', () => {
  const body = { model: 'claude-haiku-4-5', max_tokens: 600, messages };
  const figures = { input: 2000, output: 600, cacheRead: 1000, cacheWrite5m: 300, cacheWrite1h: 200 };

  test('input leaves out what the cache read and wrote', async () => {
    const client = await anthropic({ script: [{ usage: figures }] });
    const answer = await client.messages.create(body);
    expect(answer.model).toBe('claude-haiku-4-5-20251001');
    expect(answer.usage).toMatchObject({
      input_tokens: 500,
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 500,
      cache_creation: { ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 200 },
      output_tokens: 600,
    });
  });

  test('a stream starts with a placeholder and ends with cumulative figures', async () => {
    const client = await anthropic({ script: [{ usage: figures, chunks: 3 }] });
    const events = [];
    for await (const event of await client.messages.create({ ...body, stream: true })) events.push(event);
    expect(events.map((event) => event.type)).toEqual([
      'message_start',
      'content_block_start',
      ...Array.from({ length: 3 }, () => 'content_block_delta'),
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(events[0]).toMatchObject({ message: { usage: { input_tokens: 500, output_tokens: 1 } } });
    expect(events.at(-2)).toMatchObject({ usage: { input_tokens: 500, output_tokens: 600 } });
  });

  test('an error event inside a stream', async () => {
    const client = await anthropic({ script: [{ errorAfter: 4 }] });
    const stream = await client.messages.create({ ...body, stream: true });
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toThrow(/Overloaded/);
  });
});

describe('on request', () => {
  test.each([
    [400, 'BadRequestError'],
    [401, 'AuthenticationError'],
    [404, 'NotFoundError'],
    [429, 'RateLimitError'],
    [500, 'InternalServerError'],
  ])('status %i is the error that the SDK knows', async (status, kind) => {
    const client = await openai({ models: { 'gpt-4o': { status, retryAfterMs: 1 } } });
    expect(await nameOfError(client.chat.completions.create(hi, { maxRetries: 0 }))).toBe(kind);
  });

  test.each([
    [400, 'BadRequestError'],
    [401, 'AuthenticationError'],
    [429, 'RateLimitError'],
    [529, 'OverloadedError'],
  ])('and %i for Anthropic', async (status, kind) => {
    const client = await anthropic({ script: [{ status }] });
    const body = { model: 'claude-haiku-4-5', max_tokens: 10, messages };
    expect(await nameOfError(client.messages.create(body, { maxRetries: 0 }))).toBe(kind);
  });

  test('n failures and then success, from the script or the header', async () => {
    const client = await openai({ script: [{ status: 500, retryAfterMs: 1 }, {}] });
    await client.chat.completions.create(hi);
    const headers = { 'x-simulate': JSON.stringify({ failures: 2, retryAfterMs: 1 }) };
    await client.chat.completions.create(hi, { headers });
    expect(provider.requests.map(({ status }) => status)).toEqual([500, 200, 500, 500, 200]);
  });

  test('a request without its key, without its model or for nothing known is refused as the API would', async () => {
    await openai();
    const post = (path: string, headers: Record<string, string>, body: unknown): Promise<Response> =>
      fetch(`${provider.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect((await post('/v1/chat/completions', {}, hi)).status).toBe(401);
    const nameless = await post('/v1/chat/completions', { authorization: 'Bearer x' }, { messages });
    expect(await nameless.json()).toMatchObject({ error: { param: 'model', type: 'invalid_request_error' } });
    expect((await post('/v1/imagine', { authorization: 'Bearer x' }, hi)).status).toBe(404);
  });

  test('a cut stream breaks after so many events', async () => {
    const client = await openai({ script: [{ cutAfter: 3 }] });
    const chunks: unknown[] = [];
    await expect(
      (async () => {
        for await (const chunk of await client.chat.completions.create({ ...hi, stream: true })) chunks.push(chunk);
      })(),
    ).rejects.toThrow();
    expect(chunks).toHaveLength(3);
    expect(provider.requests[0]).toMatchObject({ outcome: 'cut', events: 3 });
  });

  test('a client that goes away is seen', async () => {
    const client = await openai({ script: [{ chunkDelayMs: 5, chunks: 200 }] });
    for await (const _ of await client.chat.completions.create({ ...hi, stream: true })) break;
    await expect.poll(() => provider.requests[0]?.outcome).toBe('cancelled');
    expect(provider.requests[0]?.events).toBeLessThan(100);
  });
});
