// The AI SDK, in the version that is named: through fetch, and through a transport of its own that nobody sees.
import { all, at, run } from './start.mjs';

const [version] = process.argv.slice(2);
const { generateText, streamText, embed, embedMany } = await import(version);
const { createOpenAI } = await import(version === 'ai' ? '@ai-sdk/openai' : `${version}-openai`);
const real = process.env.PROVIDER;
const client = (options) => createOpenAI({ apiKey: 'test', baseURL: at('api.openai.com', '/v1'), ...options });
const seen = client({});
/** Another undici, a proxy, a mock: fetch is not asked. */
const unseen = client({
  fetch: async (url, init) => {
    const { request } = await import('node:http');
    const target = new URL(new URL(url).pathname, real);
    const response = await new Promise((resolve, reject) => {
      request(target, { method: 'POST', headers: Object.fromEntries(new Headers(init.headers)) }, resolve)
        .on('error', reject)
        .end(init.body);
    });
    const { Readable } = await import('node:stream');
    return new Response(Readable.toWeb(response), { status: response.statusCode, headers: response.headers });
  },
});
const prompt = 'Tell me of the sea';
const shapes = (openai) => ({
  chat: async () => (await generateText({ model: openai.chat('gpt-4o'), prompt })).usage.inputTokens,
  responses: async () => (await generateText({ model: openai('gpt-4o'), prompt })).usage.inputTokens,
  stream: () => all(streamText({ model: openai.chat('gpt-4o'), prompt }).textStream),
  streamResponses: () => all(streamText({ model: openai('gpt-4o'), prompt }).textStream),
  embed: async () => (await embed({ model: openai.embedding('text-embedding-3-small'), value: prompt })).usage.tokens,
  embedMany: async () =>
    (await embedMany({ model: openai.embedding('text-embedding-3-small'), values: [prompt] })).usage.tokens,
  refused: () =>
    generateText({ model: openai.chat('gpt-4o'), prompt, maxRetries: 0, headers: { 'x-simulate': '{"status":400}' } }),
});
const named = (prefix, all) =>
  Object.fromEntries(Object.entries(all).map(([name, work]) => [`${prefix}${name}`, work]));
await run({ ...shapes(seen), ...(version === 'ai' ? named('unseen-', shapes(unseen)) : {}) });
