// A response made in the background: created, looked at, forgotten for a while, and fetched.
import OpenAI from 'openai';
import { setTimeout as sleep } from 'node:timers/promises';

const usage = { input_tokens: 9, output_tokens: 3, total_tokens: 12 };
const answers = [
  { status: 'queued', usage: null },
  { status: 'in_progress', usage: null },
  'unreachable',
  { status: 'completed', usage },
  { status: 'completed', usage },
];
const client = new OpenAI({
  apiKey: 'test',
  maxRetries: 0,
  fetch: async () => {
    const answer = answers.shift();
    if (answer === 'unreachable') throw new TypeError('fetch failed');
    const body = { id: 'resp_1', object: 'response', model: 'gpt-4o-2024-08-06', output: [], ...answer };
    return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
  },
});

const seen = [(await client.responses.create({ model: 'gpt-4o', input: 'hi', background: true })).status];
for (let i = 0; i < 4; i++) {
  globalThis.gc();
  await sleep(5);
  seen.push(
    await client.responses.retrieve('resp_1').then(
      ({ status }) => status,
      (error) => error.constructor.name,
    ),
  );
}
console.log(JSON.stringify(seen));
