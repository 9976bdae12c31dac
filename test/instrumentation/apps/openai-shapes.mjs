import dns from 'node:dns';
import { text } from 'node:stream/consumers';

/** What a test may compare: the data and how it came. */
const all = async (stream) => {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
};
const simulate = (behaviour) => ({ headers: { 'x-simulate': JSON.stringify(behaviour) } });

export function openaiShapes({ OpenAI, AzureOpenAI }) {
  // The simulator by OpenAI's own name, which is what decides how OpenAI behaves.
  const { lookup } = dns;
  dns.lookup = (host, ...rest) => lookup(host === 'api.openai.com' ? '127.0.0.1' : host, ...rest);
  const baseURL = `http://api.openai.com:${new URL(process.env.PROVIDER).port}/v1`;
  const options = { apiKey: 'test', baseURL };
  const client = new OpenAI(options);
  const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Tell me of the sea' }] };
  const asked = { ...chat, stream: true, stream_options: { include_usage: true } };
  const unasked = { ...chat, stream: true };
  const respond = { model: 'gpt-4o', input: 'Tell me of the sea' };
  const { completions } = client.chat;
  return {
    create: () => completions.create(chat),
    promise: () => {
      const promise = completions.create(chat);
      return [promise.constructor.name, promise instanceof Promise, Object.keys(promise), typeof promise.withResponse];
    },
    withResponse: async () => {
      const { data, response, request_id: id } = await completions.create(chat).withResponse();
      return [data, response.status, response.constructor.name, Object.keys(response), id];
    },
    asResponse: async () => (await completions.create(chat).asResponse()).json(),
    asResponseText: async () => (await completions.create(chat).asResponse()).text(),
    asResponseBytes: async () =>
      Buffer.from(await (await completions.create(chat).asResponse()).arrayBuffer()).toString(),
    asResponseBlob: async () => (await (await completions.create(chat).asResponse()).blob()).text(),
    asResponseBody: async () => text((await completions.create(chat).asResponse()).body),
    asResponseClone: async () => (await completions.create(chat).asResponse()).clone().json(),
    parse: () => completions.parse(chat),
    thenCatchFinally: () =>
      completions
        .create(chat)
        .finally(() => {})
        .then((data) => data.id)
        .catch(() => 'failed'),
    responses: () => client.responses.create(respond),
    responsesParse: () => client.responses.parse(respond),
    responsesStream: async () => all(await client.responses.create({ ...respond, stream: true })),
    responsesHelper: () => client.responses.stream(respond).finalResponse(),
    stream: async () => all(await completions.create(asked)),
    streamNoUsage: async () => all(await completions.create(unasked)),
    streamWithResponse: async () => {
      const { data, response } = await completions.create(unasked).withResponse();
      return [await all(data), response.status];
    },
    streamBreak: async () => {
      let n = 0;
      for await (const _ of await completions.create(unasked, simulate({ chunkDelayMs: 25 }))) if (++n === 3) break;
      return n;
    },
    streamAbort: async () => {
      const controller = new AbortController();
      let n = 0;
      const stream = await completions.create(asked, { signal: controller.signal, ...simulate({ chunkDelayMs: 25 }) });
      for await (const _ of stream) if (++n === 3) controller.abort();
      return n;
    },
    streamThrow: async () => {
      const stream = await completions.create(unasked);
      for await (const _ of stream) throw new Error('the application gave up');
    },
    streamIterator: async () => {
      const iterator = (await completions.create(unasked))[Symbol.asyncIterator]();
      const kinds = [Object.prototype.toString.call(iterator), iterator[Symbol.asyncIterator]() === iterator];
      const first = await iterator.next();
      return [kinds, first, await iterator.return('left'), await iterator.next()];
    },
    streamTwice: async () => {
      const stream = await completions.create(unasked);
      await all(stream);
      return all(stream);
    },
    streamNeverRead: async () => {
      await completions.create(unasked);
      return 'left';
    },
    streamTee: async () => {
      const [left, right] = (await completions.create(unasked)).tee();
      return Promise.all([all(left), all(right)]);
    },
    streamTeeAsked: async () => {
      const [left, right] = (await completions.create(asked)).tee();
      return Promise.all([all(left), all(right)]);
    },
    toReadable: async () => text((await completions.create(unasked)).toReadableStream()),
    streamHelper: () => completions.stream(chat).finalChatCompletion(),
    streamHelperEvents: async () => all(completions.stream(chat)),
    streamHelperBreak: async () => {
      let n = 0;
      for await (const _ of completions.stream(chat, simulate({ chunkDelayMs: 25 }))) if (++n === 3) break;
      return n;
    },
    streamHelperAbort: () => {
      const stream = completions.stream(chat, simulate({ chunkDelayMs: 25 }));
      stream.on('content', () => stream.abort());
      return stream.finalChatCompletion();
    },
    runTools: () => {
      const parameters = { type: 'object', properties: {} };
      const tool = { name: 'tide', description: 'The tide', parameters, parse: JSON.parse, function: () => 'high' };
      const tools = [{ type: 'function', function: tool }];
      return completions.runTools({ ...chat, tools }).finalContent();
    },
    streamResponseText: async () => (await completions.create(unasked).asResponse()).text(),
    streamResponseBody: async () => text((await completions.create(unasked).asResponse()).body),
    streamResponseReader: async () => {
      const { body } = await completions.create(unasked, simulate({ chunkDelayMs: 25 })).asResponse();
      const reader = body.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      return Buffer.from(value).toString().slice(0, 6);
    },
    streamRefused: async () => all(await completions.create(unasked, simulate({ status: 400, message: 'no' }))),
    streamCut: async () => all(await completions.create(asked, simulate({ cutAfter: 4 }))),
    streamErrorEvent: async () => all(await completions.create(asked, simulate({ errorAfter: 4 }))),
    retry: () => completions.create(chat, simulate({ failures: 2, retryAfterMs: 1 })),
    retryStream: async () => all(await completions.create(asked, simulate({ failures: 1, retryAfterMs: 1 }))),
    noRetriesLeft: () => completions.create(chat, { maxRetries: 1, ...simulate({ status: 500, retryAfterMs: 1 }) }),
    refused: () => completions.create(chat, simulate({ status: 401 })),
    abortBefore: () => completions.create(chat, { signal: AbortSignal.abort() }),
    timeout: () => completions.create(chat, { timeout: 20, maxRetries: 0, ...simulate({ delayMs: 500 }) }),
    neverAwaited: () => {
      completions.create(chat);
      return new Promise((resolve) => setTimeout(resolve, 50, 'left'));
    },
    legacy: () => client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'the sea' }),
    legacyStream: async () => {
      const asking = { model: 'gpt-3.5-turbo-instruct', prompt: 'the sea', stream: true };
      return all(await client.completions.create(asking));
    },
    images: () => client.images.generate({ model: 'gpt-image-1', prompt: 'the sea' }),
    embeddings: () => client.embeddings.create({ model: 'text-embedding-3-small', input: 'the sea' }),
    post: () => client.post('/chat/completions', { body: chat }),
    models: () => client.models.list(),
    withOptions: () => client.withOptions({ timeout: 5000 }).chat.completions.create(chat),
    subclass: () => new (class Mine extends OpenAI {})(options).chat.completions.create(chat),
    azure: () => {
      const azure = new AzureOpenAI({ apiKey: 'test', baseURL, apiVersion: '2025-01-01', deployment: 'mine' });
      return azure.chat.completions.create(chat);
    },
    customFetch: () => new OpenAI({ ...options, fetch: (...args) => fetch(...args) }).chat.completions.create(chat),
    concurrent: async () =>
      (await Promise.all([1, 2, 3].map(() => completions.create(chat)))).map(({ model }) => model),
    sameParams: async () => {
      const before = JSON.stringify(unasked);
      await all(await completions.create(unasked));
      return [before === JSON.stringify(unasked), Object.keys(unasked)];
    },
  };
}
