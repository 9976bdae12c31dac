/**
 * An application as a customer of Spanledger might write it: Express, the providers' own SDKs, and nothing about money.
 * Three things are ours: the middleware that says for whom a request is, `withTags` where a feature starts, and the handler
 * that answers where a budget is used up. It is
 * started with the preload, which does the rest:
 *
 *   node --require spanledger/instrumentation examples/app/app.ts
 *
 * PORT (default 3000), OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL are read as usual.
 */
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import express, { type Request, type Response } from 'express';
import OpenAI from 'openai';
import { answerRefusals, tagRequests, withTags } from 'spanledger';

const openai = new OpenAI();
const anthropic = new Anthropic();
const app = express();
app.use(express.json());
app.use(
  tagRequests((request: Request) => ({ customer_id: request.get('x-customer-id'), plan: request.get('x-plan') })),
);

/** One answer of one model, plain. */
app.post('/summaries', async (request, response) => {
  const answer = await withTags({ feature: 'summarizer' }, () =>
    openai.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: `Summarise:\n\n${textOf(request)}` }],
    }),
  );
  response.json({ text: answer.choices[0]?.message.content });
});

/** The newer API of the same provider. */
app.post('/search', async (request, response) => {
  const answer = await withTags({ feature: 'search' }, () =>
    openai.responses.create({ model: 'gpt-4.1-mini', input: textOf(request) }),
  );
  response.json({ text: answer.output_text });
});

/** Streamed to the browser as it comes; a reader who leaves ends the call. */
app.post('/chat', async (request, response) => {
  await withTags({ feature: 'chatbot' }, async () => {
    const stream = await anthropic.messages.create({
      model: 'claude-sonnet-4-6',
      max_tokens: 1024,
      stream: true,
      messages: [{ role: 'user', content: textOf(request) }],
    });
    response.on('close', () => {
      if (!response.writableFinished) stream.controller.abort();
    });
    for await (const event of stream)
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') response.write(event.delta.text);
    response.end();
  });
});

/** A model that the company runs itself, behind an API like OpenAI's: no list has a price for it. */
app.post('/classify', async (request, response) => {
  const answer = await withTags({ feature: 'classifier' }, () =>
    openai.chat.completions.create({ model: 'acme-13b', messages: [{ role: 'user', content: textOf(request) }] }),
  );
  response.json({ text: answer.choices[0]?.message.content });
});

/** One step of an agent, which a customer's mistake can call again and again. */
app.post('/agent', async (request, response) => {
  const answer = await withTags({ feature: 'agent' }, () =>
    anthropic.messages.create({
      model: 'claude-haiku-4-5',
      max_tokens: 600,
      messages: [{ role: 'user', content: textOf(request) }],
    }),
  );
  response.json({ text: answer.content });
});

/** A customer whose budget is used up gets a 402 that says so. */
app.use(answerRefusals);
app.use((error: Error, _request: Request, response: Response, next: (error: Error) => void) => {
  if (response.headersSent) next(error);
  else response.status(502).json({ error: error.message });
});

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

function textOf(request: Request): string {
  const { text } = request.body as { text?: unknown };
  return typeof text === 'string' ? text : '';
}
