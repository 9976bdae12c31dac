// Makes the calls that it is told of, a line of JSON each, and tells what became of them.
import { createInterface } from 'node:readline';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { BudgetExceededError, guard, withTags } from 'spanledger';

const { PROVIDER } = process.env;
const openai = new OpenAI({ apiKey: 'test', baseURL: `${PROVIDER}/v1` });
const anthropic = new Anthropic({ apiKey: 'test', baseURL: PROVIDER });
const messages = [{ role: 'user', content: 'Hello' }];
const kinds = {
  openai: ({ model }) => openai.chat.completions.create({ model, messages, max_tokens: 600 }),
  anthropic: ({ model }) => anthropic.messages.create({ model, messages, max_tokens: 600 }),
  fetch: async ({ model }) => {
    const headers = { authorization: 'Bearer test', 'content-type': 'application/json' };
    const body = JSON.stringify({ model, messages, max_tokens: 600 });
    const response = await fetch(`${PROVIDER}/v1/chat/completions`, { method: 'POST', headers, body });
    return { status: response.status, ...(await response.json()) };
  },
  run: ({ model }) => guard.run({ model, maxTokens: 600 }, (context) => kinds.openai(context)),
  cached: ({ model }) => guard.run({ model, onCap: () => ({ model: 'cache' }) }, (context) => kinds.openai(context)),
};

async function call({ kind, customer, ...rest }) {
  try {
    const answer = await withTags({ customer_id: customer }, () => kinds[kind](rest));
    return {
      ok: (answer.model ?? answer.detail ?? JSON.stringify(answer)).replace(/-20\d\d-?\d\d-?\d\d$/, ''),
      status: answer.status,
    };
  } catch (error) {
    if (error instanceof BudgetExceededError) return { refused: error.toProblem() };
    return { failed: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { times = 1, ...what } = JSON.parse(line);
  const answer =
    what.kind === 'status' ? guard.status() : await Promise.all(Array.from({ length: times }, () => call(what)));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
