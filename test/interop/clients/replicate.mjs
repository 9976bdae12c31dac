// Predictions that are waited for, asked for again and again, refused once, failed, and cancelled.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import Replicate from 'replicate';
import { run } from './start.mjs';

const predictions = new Map();
let refusals = 1;
const metrics = {
  text: { input_token_count: 12, output_token_count: 60, predict_time: 1.2 },
  time: { predict_time: 11.6 },
};
async function answer(request, response) {
  const send = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const [, id, cancel] = /predictions\/(\w+)(\/cancel)?$/.exec(request.url) ?? [];
  if (cancel !== undefined)
    return send(200, { ...predictions.get(id), status: 'canceled', metrics: { predict_time: 2 } });
  if (id !== undefined) {
    const prediction = predictions.get(id);
    prediction.looks++;
    if (prediction.looks < 2) return send(200, { ...prediction, status: 'processing' });
    const { fails, kind } = prediction.input;
    const end = fails === true ? { status: 'failed', error: 'out of memory' } : { status: 'succeeded', output: 'hi' };
    return send(200, { ...prediction, ...end, metrics: metrics[kind] });
  }
  const { input } = await json(request);
  if (input.refused === true && refusals-- > 0) return send(429, { detail: 'slow down' });
  const prediction = { id: `p${predictions.size}`, model: 'meta/meta-llama-3-8b-instruct', input, urls: {}, looks: 0 };
  predictions.set(prediction.id, prediction);
  const waits = request.headers.prefer !== undefined;
  send(201, {
    ...prediction,
    ...(waits ? { status: 'succeeded', output: 'hi', metrics: metrics.text } : { status: 'starting' }),
  });
}
const server = createServer((request, response) => void answer(request, response));
server.listen(0);
await once(server, 'listening');
const client = new Replicate({ auth: 'test', baseUrl: `http://127.0.0.1:${server.address().port}/v1` });
const wait = { mode: 'poll', interval: 5 };
const official = 'meta/meta-llama-3-8b-instruct';
await run({
  waited: () => client.run(official, { input: { kind: 'text' } }),
  refusedOnce: () => client.run(official, { input: { kind: 'text', refused: true } }),
  polled: () => client.run('someone/vision:0123abcd', { input: { kind: 'time' }, wait }),
  failed: () => client.run('someone/vision:0123abcd', { input: { kind: 'time', fails: true }, wait }),
  cancelled: async () => {
    const { id } = await client.predictions.create({ model: official, input: { kind: 'time' } });
    return (await client.predictions.cancel(id)).status;
  },
});
server.close();
server.closeAllConnections();
