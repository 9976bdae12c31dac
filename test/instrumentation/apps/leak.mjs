// Makes many calls, a tenth of which are left in one way or another, and prints the heap as it goes, after collection.
//   node --expose-gc leak.mjs <calls>
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { withTags } from '../../../instrumentation/index.ts';

const calls = Number(process.argv[2]);
const usage = { prompt_tokens: 1200, completion_tokens: 500, total_tokens: 1700 };
const common = { id: 'c', created: 1_790_000_000, model: 'gpt-4o' };
const choices = [{ index: 0, message: { role: 'assistant', content: 'the sea' }, finish_reason: 'stop' }];
const body = JSON.stringify({ ...common, object: 'chat.completion', choices, usage });
const chunk = (delta, finish) => {
  const event = { ...common, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] };
  return `data: ${JSON.stringify(event)}\n\n`;
};
const events = [
  ...Array.from({ length: 6 }, () => chunk({ content: 'the sea ' }, null)),
  chunk({}, 'stop'),
  `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices: [], usage })}\n\n`,
  'data: [DONE]\n\n',
].map((event) => new TextEncoder().encode(event));

/** In the process itself, so that the client and we are all that there is to measure. */
const answer = async (_url, { body: sent, signal }) => {
  if (!sent.includes('"stream":true')) return new Response(body, { headers: { 'content-type': 'application/json' } });
  let at = 0;
  const stream = new ReadableStream({
    pull(controller) {
      if (signal.aborted) controller.error(signal.reason);
      else if (at < events.length) controller.enqueue(events[at++]);
      else controller.close();
    },
  });
  return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
};
const client = new OpenAI({ apiKey: 'test', baseURL: 'http://api.openai.com/v1', fetch: answer });
const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Tell me of the sea' }] };
const streamed = { ...chat, stream: true };
const { completions } = client.chat;

const read = async () => {
  for await (const _ of await completions.create(streamed));
};
const left = [
  async () => {
    for await (const _ of await completions.create(streamed)) break;
  },
  async () => {
    const controller = new AbortController();
    for await (const _ of await completions.create(streamed, { signal: controller.signal })) controller.abort();
  },
  () => completions.create(streamed),
  async () => {
    void completions.create(chat);
  },
];
const collected = async () => {
  // What waits to be delivered is not what is kept.
  await sleep(400);
  for (let n = 0; n < 3; n++) {
    globalThis.gc();
    await sleep(20);
  }
  return process.memoryUsage().heapUsed;
};

const heap = [];
for (let n = 0; n < calls; n++) {
  const run =
    n % 10 === 9 ? left[Math.trunc(n / 10) % left.length] : n % 3 === 0 ? read : () => completions.create(chat);
  await withTags({ customer_id: `customer-${n % 1000}` }, run);
  // A server's calls wait for the network; these leave it turns in which spans are delivered.
  if (n % 5 === 0) await turn();
  if ((n + 1) % (calls / 10) === 0) heap.push(await collected());
}
console.log(JSON.stringify(heap));
