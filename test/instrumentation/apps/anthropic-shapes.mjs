import { text } from 'node:stream/consumers';

const all = async (stream) => {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
};
const simulate = (behaviour) => ({ headers: { 'x-simulate': JSON.stringify(behaviour) } });

export function anthropicShapes({ Anthropic }) {
  const options = { apiKey: 'test', baseURL: process.env.PROVIDER };
  const client = new Anthropic(options);
  const ask = {
    model: 'claude-sonnet-4-6',
    max_tokens: 600,
    messages: [{ role: 'user', content: 'Tell me of the sea' }],
  };
  const streamed = { ...ask, stream: true };
  const { messages } = client;
  return {
    create: () => messages.create(ask),
    promise: () => {
      const promise = messages.create(ask);
      return [promise.constructor.name, promise instanceof Promise, Object.keys(promise), typeof promise.withResponse];
    },
    withResponse: async () => {
      const { data, response, request_id: id } = await messages.create(ask).withResponse();
      return [data, response.status, response.constructor.name, Object.keys(response), id];
    },
    asResponse: async () => (await messages.create(ask).asResponse()).json(),
    asResponseText: async () => (await messages.create(ask).asResponse()).text(),
    asResponseBody: async () => text((await messages.create(ask).asResponse()).body),
    parse: () => messages.parse(ask),
    beta: () => client.beta.messages.create(ask),
    stream: async () => all(await messages.create(streamed)),
    streamBreak: async () => {
      let n = 0;
      for await (const _ of await messages.create(streamed, simulate({ chunkDelayMs: 25 }))) if (++n === 6) break;
      return n;
    },
    streamAbort: async () => {
      const controller = new AbortController();
      let n = 0;
      const stream = await messages.create(streamed, { signal: controller.signal, ...simulate({ chunkDelayMs: 25 }) });
      for await (const _ of stream) if (++n === 6) controller.abort();
      return n;
    },
    streamThrow: async () => {
      for await (const _ of await messages.create(streamed)) throw new Error('the application gave up');
    },
    streamNeverRead: async () => {
      await messages.create(streamed);
      return 'left';
    },
    streamTee: async () => {
      const [left, right] = (await messages.create(streamed)).tee();
      return Promise.all([all(left), all(right)]);
    },
    toReadable: async () => text((await messages.create(streamed)).toReadableStream()),
    streamHelper: () => messages.stream(ask).finalMessage(),
    streamHelperText: () => messages.stream(ask).finalText(),
    streamHelperEvents: async () => all(messages.stream(ask)),
    streamHelperBreak: async () => {
      let n = 0;
      for await (const _ of messages.stream(ask, simulate({ chunkDelayMs: 25 }))) if (++n === 6) break;
      return n;
    },
    streamHelperWithResponse: async () => {
      const { data, response } = await messages.stream(ask).withResponse();
      return [(await data.finalMessage()).id, response.status];
    },
    toolRunner: () => client.beta.messages.toolRunner({ ...ask, tools: [] }).runUntilDone(),
    streamHelperAbort: async () => {
      const stream = messages.stream(ask, simulate({ chunkDelayMs: 25 }));
      stream.on('text', () => stream.abort());
      return stream.finalMessage();
    },
    streamResponseBody: async () => text((await messages.create(streamed).asResponse()).body),
    streamCut: async () => all(await messages.create(streamed, simulate({ cutAfter: 5 }))),
    streamErrorEvent: async () => all(await messages.create(streamed, simulate({ errorAfter: 5 }))),
    retry: () => messages.create(ask, simulate({ failures: 2, retryAfterMs: 1 })),
    noRetriesLeft: () => messages.create(ask, { maxRetries: 1, ...simulate({ status: 529, retryAfterMs: 1 }) }),
    refused: () => messages.create(ask, simulate({ status: 400 })),
    abortBefore: () => messages.create(ask, { signal: AbortSignal.abort() }),
    neverAwaited: () => {
      messages.create(ask);
      return new Promise((resolve) => setTimeout(resolve, 50, 'left'));
    },
    cached: () =>
      messages.create(
        ask,
        simulate({
          usage: {
            input: 25_000,
            cacheRead: 20_000,
            cacheWrite5m: 3000,
            cacheWrite1h: 1000,
            output: 500,
            webSearches: 2,
          },
        }),
      ),
    cachedStream: async () => {
      const usage = {
        input: 25_000,
        cacheRead: 20_000,
        cacheWrite5m: 3000,
        cacheWrite1h: 1000,
        output: 500,
        reasoning: 40,
      };
      return (await all(await messages.create(streamed, simulate({ usage })))).length;
    },
    post: () => client.post('/v1/messages', { body: ask }),
    models: () => client.models.list(),
    withOptions: () => client.withOptions({ timeout: 5000 }).messages.create(ask),
    subclass: () => new (class Mine extends Anthropic {})(options).messages.create(ask),
    customFetch: () => new Anthropic({ ...options, fetch: (...args) => fetch(...args) }).messages.create(ask),
  };
}
