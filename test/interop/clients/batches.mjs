// Results of batches and a socket, by the client libraries that have a way of their own to them.
import dns from 'node:dns';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { GoogleGenAI, Modality } from '@google/genai';
import { Mistral } from '@mistralai/mistralai';
import Groq from 'groq-sdk';
import Together from 'together-ai';
import { WebSocketServer } from 'ws';
import { run } from './start.mjs';

const created = 1_760_000_000;
const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const chat = (model) => ({ id: `c-${model}`, object: 'chat.completion', created, model, choices: [], usage });
const line = (model) => ({ id: 'l', custom_id: '0', response: { status_code: 200, body: chat(model) }, error: null });
const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 3, totalTokenCount: 12 };
const candidates = [{ content: { role: 'model', parts: [{ text: 'the sea' }] }, finishReason: 'STOP' }];
const answer = { candidates, usageMetadata, modelVersion: 'gemini-2.5-flash', responseId: 'r1' };
const batch = (name, output) => ({
  name,
  metadata: { state: 'BATCH_STATE_SUCCEEDED', createTime: '2025-10-09T08:00:00Z', name, output },
  done: true,
  response: output,
});
const files = {
  '/v1/files/out/content': line('mistral-small-latest'),
  '/openai/v1/files/out/content': line('llama-3.3-70b-versatile'),
  '/v1/files/together/content': line('meta-llama/Llama-3.3-70B-Instruct-Turbo'),
  '/v1/batches/b1': batch('batches/b1', { responsesFile: 'files/out' }),
  '/v1/batches/inline': batch('batches/inline', {
    inlinedResponses: { inlinedResponses: [{ response: answer, metadata: { key: 'a' } }] },
  }),
  '/v1/files/out:download': { key: 'a', response: answer },
};
const server = createServer((request, response) => {
  const body = files[request.url.replace('/v1beta/', '/v1/').replace(/\?.*$/, '')];
  response.writeHead(body === undefined ? 404 : 200, {
    'content-type': request.url.includes('/content') ? 'application/octet-stream' : 'application/json',
  });
  response.end(JSON.stringify(body ?? {}));
});
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data) => {
    const { setup } = JSON.parse(data);
    const speak = { serverContent: { modelTurn: { parts: [{ text: 'the sea' }] } } };
    const counts = { promptTokenCount: 9, responseTokenCount: 3, totalTokenCount: 12 };
    const events = setup
      ? [{ setupComplete: {} }]
      : [speak, { serverContent: { turnComplete: true }, usageMetadata: counts }];
    for (const event of events) socket.send(JSON.stringify(event), { binary: true });
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host.includes('api') ? '127.0.0.1' : host, ...rest);
const at = (host) => `http://${host}:${server.address().port}`;

const google = new GoogleGenAI({
  apiKey: 'test',
  httpOptions: { baseUrl: at('generativelanguage.googleapis.com') },
});
const groq = new Groq({ apiKey: 'test', baseURL: at('api.groq.com') });
const together = new Together({ apiKey: 'test', baseURL: at('api.together.xyz') + '/v1' });
const mistral = new Mistral({ apiKey: 'test', serverURL: at('api.mistral.ai') });

await run({
  mistral: async () => new Response(await mistral.files.download({ fileId: 'out' })).text(),
  groq: async () => (await groq.files.content('out')).text(),
  together: async () => (await together.files.content('together')).text(),
  gemini: async () => {
    const { dest } = await google.batches.get({ name: 'batches/b1' });
    await google.files.download({ file: dest.fileName, downloadPath: 'results.jsonl' });
    return readFileSync('results.jsonl', 'utf8');
  },
  geminiInline: async () => (await google.batches.get({ name: 'batches/inline' })).dest.inlinedResponses.length,
  live: async () => {
    const seen = [];
    let over;
    const done = new Promise((resolve) => (over = resolve));
    const session = await google.live.connect({
      model: 'gemini-2.5-flash-live',
      config: { responseModalities: [Modality.TEXT] },
      callbacks: {
        onmessage: (message) => {
          seen.push(message.text ?? Object.keys(message)[0]);
          if (message.usageMetadata !== undefined) over();
        },
      },
    });
    session.sendClientContent({ turns: 'Tell me of the sea' });
    await done;
    session.close();
    return seen.length;
  },
});
server.close();
server.closeAllConnections();
