// Fetches the results of a large batch, as one text or line by line, and ends. Prints what it counted.
//   node many-results.mjs <lines> <text|stream>
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import OpenAI from 'openai';

const [count, how] = [Number(process.argv[2]), process.argv[3]];
const content = 'the sea '.repeat(100);
const line = (n) => {
  const body = {
    id: `chatcmpl-${n}`,
    object: 'chat.completion',
    created: 1_760_000_000 + n,
    model: 'gpt-4o-2024-08-06',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 100, completion_tokens: 200, total_tokens: 300 },
  };
  return `${JSON.stringify({ id: `batch_req_${n}`, custom_id: `request-${n}`, response: { status_code: 200, body } })}\n`;
};
function* results() {
  for (let n = 0; n < count; n++) yield line(n);
}
const server = createServer((_request, response) => Readable.from(results()).pipe(response));
server.listen(0);
await once(server, 'listening');
const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host === 'api.openai.com' ? '127.0.0.1' : host, ...rest);
const client = new OpenAI({ apiKey: 'test', baseURL: `http://api.openai.com:${server.address().port}/v1` });

let most = 0;
const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().heapUsed)), 20);
const started = performance.now();
const file = await client.files.content('file-out');
let lines = 0;
if (how === 'text') lines = (await file.text()).split('\n').length - 1;
else for await (const _ of createInterface({ input: Readable.fromWeb(file.body) })) lines++;
const seconds = (performance.now() - started) / 1000;
clearInterval(watch);
server.close();
server.closeAllConnections();
console.log(JSON.stringify({ lines, seconds, heapMb: most / 1e6 }));
