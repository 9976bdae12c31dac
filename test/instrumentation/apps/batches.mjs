// Fetches the results of batches, in every way and more than once, and files that are none. Prints what it saw.
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { withTags } from '../../../instrumentation/index.ts';

const lines = (...values) => values.map((value) => JSON.stringify(value)).join('\n');
const openaiLine = (n, body, status = 200) => ({
  id: `batch_req_${n}`,
  custom_id: `request-${n}`,
  response: { status_code: status, request_id: `r${n}`, body },
  error: null,
});
const usage = {
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  prompt_tokens_details: { cached_tokens: 40 },
};
const choices = [{ index: 0, message: { role: 'assistant', content: 'hé' }, finish_reason: 'stop' }];
const created = Number(process.env.CREATED ?? 1_760_000_000);
const geminiAnswer = {
  candidates: [{ content: { parts: [{ text: 'hé' }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 2, thoughtsTokenCount: 3, totalTokenCount: 12 },
  modelVersion: 'gemini-2.5-flash',
};
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-4-5', content: [] };
const files = {
  '/v1/files/file-out/content': lines(
    openaiLine(1, { id: 'chatcmpl-1', object: 'chat.completion', created, model: 'gpt-4o-2024-08-06', choices, usage }),
    openaiLine(2, { error: { message: 'no' } }, 400),
    openaiLine(3, {
      object: 'list',
      model: 'text-embedding-3-small',
      data: [{ object: 'embedding' }],
      usage: { prompt_tokens: 8, total_tokens: 8 },
    }),
    openaiLine(4, {
      id: 'resp_1',
      object: 'response',
      created_at: created,
      model: 'gpt-4.1-mini',
      status: 'completed',
      output: [],
      usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
    }),
  ),
  '/v1/files/file-notes/content': 'just\nnotes',
  '/v1/files/file-tuning/content': lines({ messages: [] }, { messages: [] }),
  '/v1/batches/batch_1': JSON.stringify({
    id: 'batch_1',
    output_file_id: 'file-out',
    created_at: created - 60,
    status: 'completed',
  }),
  '/v1/messages/batches/msgbatch_1': JSON.stringify({
    id: 'msgbatch_1',
    type: 'message_batch',
    processing_status: 'ended',
    created_at: '2025-10-09T08:00:00Z',
    results_url: 'RESULTS',
  }),
  '/v1/messages/batches/msgbatch_1/results': lines(
    {
      custom_id: 'a',
      result: {
        type: 'succeeded',
        message: {
          ...message,
          usage: { input_tokens: 10, cache_read_input_tokens: 90, output_tokens: 7, service_tier: 'batch' },
        },
      },
    },
    { custom_id: 'b', result: { type: 'errored', error: { type: 'error' } } },
    { custom_id: 'c', result: { type: 'expired' } },
    {
      custom_id: 'd',
      result: { type: 'succeeded', message: { ...message, id: 'msg_2', usage: { input_tokens: 1, output_tokens: 1 } } },
    },
  ),
  '/v1/batch/jobs/job_1': JSON.stringify({ id: 'job_1', output_file: 'm-out', created_at: created - 60 }),
  '/v1/files/m-out/content': lines({
    id: 'batch-1',
    custom_id: '0',
    response: {
      status_code: 200,
      body: {
        id: 'cmpl-1',
        object: 'chat.completion',
        created,
        model: 'mistral-small-latest',
        usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
      },
    },
    error: null,
  }),
  '/v1beta/batches/b_1': JSON.stringify({
    name: 'batches/b_1',
    metadata: { createTime: '2025-10-09T08:00:00Z', output: { responsesFile: 'files/batch-b' } },
    done: true,
  }),
  '/download/v1beta/files/batch-b:download?alt=media': lines(
    { key: 'one', response: geminiAnswer },
    { key: 'two', error: { code: 400 } },
  ),
  '/v1beta/batches/inline_1': JSON.stringify({
    name: 'batches/inline_1',
    metadata: { createTime: '2025-10-09T08:00:00Z' },
    done: true,
    response: {
      inlinedResponses: {
        inlinedResponses: [
          { response: geminiAnswer, metadata: { key: 'one' } },
          { error: { code: 400 } },
          { response: geminiAnswer },
        ],
      },
    },
  }),
};
const server = createServer((request, response) => {
  const body = files[request.url];
  const json = request.url.endsWith('_1');
  response.writeHead(body === undefined ? 404 : 200, {
    'content-type': json ? 'application/json' : 'application/octet-stream',
  });
  // In pieces that end within a character and within a line.
  const bytes = Buffer.from(
    (body ?? '{}').replace(
      'RESULTS',
      `http://127.0.0.1:${server.address().port}/v1/messages/batches/msgbatch_1/results`,
    ),
  );
  for (let at = 0; at < bytes.length; at += 61) response.write(bytes.subarray(at, at + 61));
  response.end();
});
server.listen(0);
await once(server, 'listening');
const { port } = server.address();
const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host.includes('api') ? '127.0.0.1' : host, ...rest);
const openai = new OpenAI({ apiKey: 'test', baseURL: `http://api.openai.com:${port}/v1` });
const anthropic = new Anthropic({ apiKey: 'test', baseURL: `http://127.0.0.1:${port}` });

const shapes = {
  batch: async () => (await openai.batches.retrieve('batch_1')).output_file_id,
  results: async () => (await (await openai.files.content('file-out')).text()).length,
  resultsAgain: async () => (await text((await openai.files.content('file-out')).body)).length,
  notes: async () => (await openai.files.content('file-notes')).text(),
  tuning: async () => (await (await openai.files.content('file-tuning')).text()).length,
  missing: async () => await openai.files.content('file-none').catch(({ status }) => status),
  messages: async () => {
    const types = [];
    for await (const { result } of await anthropic.messages.batches.results('msgbatch_1')) types.push(result.type);
    return types;
  },
  messagesLeft: async () => {
    for await (const { custom_id: id } of await anthropic.messages.batches.results('msgbatch_1')) return id;
    return 'none';
  },
  mistral: async () => {
    const at = `http://api.mistral.ai:${port}/v1`;
    const { output_file: file } = await (await fetch(`${at}/batch/jobs/job_1`)).json();
    return (await (await fetch(`${at}/files/${file}/content`)).blob()).size;
  },
  gemini: async () => {
    const at = `http://generativelanguage.googleapis.com:${port}`;
    const { metadata } = await (await fetch(`${at}/v1beta/batches/b_1`)).json();
    const file = await fetch(`${at}/download/v1beta/${metadata.output.responsesFile}:download?alt=media`);
    return (await file.arrayBuffer()).byteLength;
  },
  geminiInline: async () =>
    (await (await fetch(`http://generativelanguage.googleapis.com:${port}/v1beta/batches/inline_1`)).json()).name,
  byHand: async () => (await (await fetch(`http://api.openai.com:${port}/v1/files/file-out/content`)).text()).length,
};
const [only] = process.argv.slice(2);
const results = {};
for (const [shape, run] of Object.entries(shapes))
  if (only === undefined || shape === only) results[shape] = await withTags({ task_id: shape }, run);
console.log(JSON.stringify(results));
server.close();
server.closeAllConnections();
