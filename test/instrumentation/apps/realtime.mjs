// Talks to models through sockets, by the openai client, ws and Node's own WebSocket. Prints what it saw.
import dns from 'node:dns';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createServer as createPlainServer } from 'node:http';
import { join } from 'node:path';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import { ResponsesWS } from 'openai/resources/responses/ws';
import Ws, { WebSocketServer } from 'ws';
import { withTags } from '../../../instrumentation/index.ts';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const usage = {
  total_tokens: 253,
  input_tokens: 132,
  output_tokens: 121,
  input_token_details: {
    text_tokens: 119,
    audio_tokens: 13,
    cached_tokens: 64,
    cached_tokens_details: { text_tokens: 64, audio_tokens: 0 },
  },
  output_token_details: { text_tokens: 30, audio_tokens: 91 },
};
let responses = 0;
let both;
const realtime = (socket, one) => {
  both?.push(one);
  const send = (event) => (both ?? [one]).forEach((to) => to(event));
  send({ type: 'session.created', session: { type: 'realtime', model: 'gpt-realtime' } });
  socket.on('message', (data) => {
    const event = JSON.parse(data);
    if (event.type === 'session.update')
      send({ type: 'session.updated', session: { audio: { input: { transcription: { model: 'whisper-1' } } } } });
    if (event.type === 'input_audio_buffer.commit')
      send({
        type: 'conversation.item.input_audio_transcription.completed',
        item_id: 'item_1',
        transcript: 'the sea',
        usage: { type: 'duration', seconds: 4 },
      });
    if (event.type !== 'response.create') return;
    const id = `resp_${++responses}`;
    send({ type: 'response.created', response: { id, status: 'in_progress' } });
    send({ type: 'response.output_audio.delta', delta: 'AAAA'.repeat(1000) });
    if (event.response?.instructions === 'hang up') {
      socket.close();
      return;
    }
    const status = event.response?.instructions === 'stop' ? 'cancelled' : 'completed';
    const details = status === 'cancelled' ? { status_details: { reason: 'turn_detected' } } : {};
    send({ type: 'response.done', response: { id, object: 'realtime.response', status, ...details, usage } });
  });
};
const respond = (socket, send) => {
  socket.on('message', (data) => {
    const { model, input } = JSON.parse(data);
    const response = { id: `resp_${++responses}`, object: 'response', model: `${model}-2024`, status: 'in_progress' };
    send({ type: 'response.created', response });
    send({ type: 'response.output_text.delta', delta: 'the sea' });
    const error = { type: 'error', status: 400, error: { code: 'previous_response_not_found' } };
    const tokens = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
    const whole = { ...response, status: 'completed', output: [], usage: tokens };
    send(input === 'fail' ? error : { type: 'response.completed', response: whole });
  });
};
const live = (socket, send) => {
  const counts = { promptTokenCount: 500, responseTokenCount: 40, thoughtsTokenCount: 100, totalTokenCount: 540 };
  const promptTokensDetails = [
    { modality: 'TEXT', tokenCount: 300 },
    { modality: 'AUDIO', tokenCount: 200 },
  ];
  const usageMetadata = { ...counts, promptTokensDetails };
  const speak = { serverContent: { modelTurn: { parts: [{ inlineData: { data: 'AAAA'.repeat(1000) } }] } } };
  socket.on('message', (data) => {
    if (JSON.parse(data).setup !== undefined) {
      send({ setupComplete: {} });
      return;
    }
    // One turn calls a tool, and is told in between how much it is so far; the next tells its usage after its end.
    send({ ...speak, usageMetadata: { ...usageMetadata, responseTokenCount: 20 } });
    send({ toolCall: { functionCalls: [] }, usageMetadata });
    send(speak);
    send({ serverContent: { turnComplete: true } });
    send({ usageMetadata: { ...usageMetadata, promptTokenCount: 700 } });
  });
};
const fixtures = join(import.meta.dirname, '../../fixtures/tls');
const secure = createServer({
  key: readFileSync(join(fixtures, 'server.key')),
  cert: readFileSync(join(fixtures, 'server.pem')),
});
const plain = createPlainServer();
const headers = [];
for (const server of [secure, plain]) {
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    headers.push(request.headers.baggage ?? 'none');
    // Gemini sends text in binary frames.
    const isGemini = request.url.includes('Bidi');
    const send = (event) => socket.send(JSON.stringify(event), { binary: isGemini });
    if (request.url.startsWith('/v1/realtime')) realtime(socket, send);
    else if (request.url.startsWith('/v1/responses')) respond(socket, send);
    else if (isGemini) live(socket, send);
    else socket.on('message', (data) => socket.send(data));
  });
  server.listen(0);
  await once(server, 'listening');
}
const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host.includes('api') ? '127.0.0.1' : host, ...rest);
const port = secure.address().port;
const openai = new OpenAI({ apiKey: 'test', baseURL: `https://api.openai.com:${port}/v1` });

/** Every event that the client tells, until the answer is over, or the socket. */
const talk = async (client, ...events) => {
  const seen = [];
  client.on('event', ({ type }) => seen.push(type));
  client.on('error', ({ message }) => seen.push(message));
  const on = (type, listener) =>
    client.socket.addEventListener ? client.socket.addEventListener(type, listener) : client.socket.on(type, listener);
  const closed = new Promise((resolve) => on('close', () => resolve()));
  const opened = new Promise((resolve) => on('open', () => resolve()));
  const done = new Promise((resolve) => client.on('response.done', resolve));
  await opened;
  for (const event of events) client.send(event);
  await Promise.race([done, closed]);
  client.close();
  await closed;
  return [seen, client.socket.listenerCount?.('message')];
};
const ask = (instructions) => ({ type: 'response.create', response: { instructions } });
const model = { model: 'gpt-realtime' };
const gemini = 'google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=secret';
const turn = async (socket, count) => {
  const seen = [];
  const over = new Promise((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      seen.push(typeof data === 'string' ? 'text' : data.constructor.name);
      if (seen.length === count) resolve();
    });
  });
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  socket.send(JSON.stringify({ setup: { model: 'models/gemini-2.5-flash-native-audio' } }));
  socket.send(JSON.stringify({ clientContent: {} }));
  await over;
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.close();
  return seen;
};
const shapes = {
  ws: () => talk(new OpenAIRealtimeWS(model, openai), ask('the sea')),
  cancelled: () => talk(new OpenAIRealtimeWS(model, openai), ask('stop')),
  hungUp: () => talk(new OpenAIRealtimeWS(model, openai), ask('hang up')),
  transcribed: () =>
    talk(new OpenAIRealtimeWS(model, openai), { type: 'session.update' }, { type: 'input_audio_buffer.commit' }, ask()),
  own: () => talk(new OpenAIRealtimeWebSocket({ ...model, dangerouslyAllowBrowser: true }, openai), ask('the sea')),
  // A second socket to the same conversation, as a supervisor has.
  watchedTwice: async () => {
    both = [];
    const watcher = new OpenAIRealtimeWS(model, openai);
    await once(watcher.socket, 'open');
    const seen = await talk(new OpenAIRealtimeWS(model, openai), ask('the sea'));
    watcher.close();
    both = undefined;
    return seen;
  },
  responses: async () => {
    const socket = new ResponsesWS(openai);
    const seen = [];
    socket.on('error', ({ message }) => seen.push(message));
    for (const input of ['the sea', 'the land']) {
      socket.send({ type: 'response.create', model: 'gpt-4o', input });
      await new Promise((resolve) => socket.on('response.completed', resolve));
      seen.push(input);
    }
    socket.close();
    return seen;
  },
  responsesFailed: async () => {
    const socket = new ResponsesWS(openai);
    socket.send({ type: 'response.create', model: 'gpt-4o', input: 'fail' });
    const message = await new Promise((resolve) => socket.on('error', (error) => resolve(error.message)));
    socket.close();
    return message;
  },
  gemini: () => turn(new Ws(`wss://generativelanguage.googleapis.com:${port}/ws/${gemini}`), 6),
  geminiOwn: () =>
    turn(new WebSocket(`ws://generativelanguage.googleapis.com:${plain.address().port}/ws/${gemini}`), 6),
  echo: () => turn(new Ws(`wss://localhost:${port}/echo`), 2),
};
const results = {};
for (const [shape, run] of Object.entries(shapes)) results[shape] = await withTags({ task_id: shape }, run);
console.log(JSON.stringify({ ...results, headers }));
for (const server of [secure, plain]) {
  server.close();
  server.closeAllConnections();
}
process.exitCode = 0;
