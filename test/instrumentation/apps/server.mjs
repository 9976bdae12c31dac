// An Express application without tracing of its own, which asks itself one question and ends; `wait` as argument: by a signal.
import Anthropic from '@anthropic-ai/sdk';
import express from 'express';
import { once } from 'node:events';
import OpenAI from 'openai';
import { tagRequests } from '../../../instrumentation/index.ts';

const openai = new OpenAI({ apiKey: 'test', baseURL: `${process.env.PROVIDER}/v1` });
const anthropic = new Anthropic({ apiKey: 'test', baseURL: process.env.PROVIDER });
const messages = [{ role: 'user', content: 'Tell me of the sea' }];

const app = express();
app.use(tagRequests({ customer_id: 'acme' }));
app.get('/books/:isbn/summary', async (_request, response) => {
  await openai.chat.completions.create({ model: 'gpt-4o', messages });
  await anthropic.messages.create({ model: 'claude-sonnet-4-6', max_tokens: 600, messages });
  response.json({});
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const answer = await fetch(`http://127.0.0.1:${server.address().port}/books/3/summary`);
console.log(answer.status);
if (process.argv[2] === 'wait') process.kill(process.pid, 'SIGTERM');
else server.close();
server.closeAllConnections();
