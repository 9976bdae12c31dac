// Requests without any client library. Prints what the application saw.
import dns from 'node:dns';
import { text } from 'node:stream/consumers';
import { withTags } from '../../../instrumentation/index.ts';

const { lookup } = dns;
const known = new Set(['api.openai.com', 'api.anthropic.com']);
dns.lookup = (host, ...rest) => lookup(known.has(host) ? '127.0.0.1' : host, ...rest);
const { port } = new URL(process.env.PROVIDER);
const at = (host, path) => `http://${host}:${port}${path}`;
const messages = [{ role: 'user', content: 'Tell me of the sea' }];
const chat = { model: 'gpt-4o', messages };
const post = (body, more = {}) => ({
  method: 'POST',
  headers: { authorization: 'Bearer test', 'content-type': 'application/json', ...more.headers },
  body: JSON.stringify(body),
});
const streamed = { ...chat, stream: true, stream_options: { include_usage: true } };
const ask = { model: 'claude-haiku-4-5', max_tokens: 600, messages };
const simulate = (behaviour) => ({ headers: { 'x-simulate': JSON.stringify(behaviour) } });

const shapes = {
  json: async () => (await fetch(at('api.openai.com', '/v1/chat/completions'), post(chat))).json(),
  text: async () => (await fetch(new URL(at('api.openai.com', '/v1/chat/completions')), post(chat))).text(),
  bytes: async () => {
    const body = new TextEncoder().encode(JSON.stringify(chat));
    const response = await fetch(at('api.openai.com', '/v1/chat/completions'), { ...post(chat), body });
    return Buffer.from(await response.arrayBuffer()).toString();
  },
  request: async () => (await fetch(new Request(at('api.openai.com', '/v1/chat/completions'), post(chat)))).json(),
  response: async () => {
    const response = await fetch(at('api.openai.com', '/v1/chat/completions'), post(chat));
    const kind = [response.constructor.name, response instanceof Response, Object.keys(response), response.bodyUsed];
    await response.text();
    return [...kind, response.bodyUsed, response.ok, response.headers.get('content-type')];
  },
  stream: async () => text((await fetch(at('api.openai.com', '/v1/chat/completions'), post(streamed))).body),
  reader: async () => {
    const response = await fetch(
      at('api.openai.com', '/v1/chat/completions'),
      post(streamed, simulate({ chunkDelayMs: 25 })),
    );
    const reader = response.body.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return Buffer.from(value).toString().slice(0, 6);
  },
  tee: async () => {
    const [left, right] = (await fetch(at('api.openai.com', '/v1/chat/completions'), post(streamed))).body.tee();
    return [await text(left), await text(right)];
  },
  piped: async () => {
    const response = await fetch(at('api.openai.com', '/v1/chat/completions'), post(streamed));
    return new Response(response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).text();
  },
  responses: async () =>
    (await fetch(at('api.openai.com', '/v1/responses'), post({ model: 'gpt-4o', input: 'hi' }))).json(),
  anthropic: async () => (await fetch(at('api.anthropic.com', '/v1/messages'), post(ask))).json(),
  anthropicStream: async () =>
    text((await fetch(at('api.anthropic.com', '/v1/messages'), post({ ...ask, stream: true }))).body),
  compatible: async () => (await fetch(at('127.0.0.1', '/v1/chat/completions'), post(chat))).json(),
  refused: async () => {
    const response = await fetch(at('api.openai.com', '/v1/chat/completions'), post(chat, simulate({ status: 429 })));
    return [response.status, await response.json()];
  },
  unreachable: () => fetch('http://127.0.0.1:1/v1/chat/completions', post(chat)),
  aborted: () => fetch(at('api.openai.com', '/v1/chat/completions'), { ...post(chat), signal: AbortSignal.abort() }),
  // Not calls of a model.
  get: async () => (await fetch(at('api.openai.com', '/v1/models'))).status,
  ownResponses: async () =>
    (await fetch(at('127.0.0.1', '/v1/responses'), post({ model: 'gpt-4o', input: 'hi' }))).status,
  ownMessages: async () => (await fetch(at('127.0.0.1', '/threads/1/messages'), post({ text: 'hi' }))).status,
  noBody: async () => (await fetch(at('api.openai.com', '/v1/chat/completions'), { method: 'POST' })).status,
};

const results = {};
for (const [shape, run] of Object.entries(shapes)) {
  try {
    results[shape] = { value: await withTags({ task_id: shape }, run) };
  } catch (error) {
    results[shape] = { error: [error.constructor.name, error.message] };
  }
}
console.log(JSON.stringify(results), fetch.name, fetch.length);
