// Six calls; run from app.cjs and app.mjs, which load the libraries their own way.
exports.calls = async ({ OpenAI, Anthropic }) => {
  const openai = new OpenAI({ apiKey: 'test', baseURL: `${process.env.PROVIDER}/v1` });
  const anthropic = new Anthropic({ apiKey: 'test', baseURL: process.env.PROVIDER });
  const messages = [{ role: 'user', content: 'Tell me of the sea' }];
  const usage = {
    input: 25_000,
    cacheRead: 20_000,
    cacheWrite5m: 3000,
    cacheWrite1h: 1000,
    output: 500,
    reasoning: 40,
    webSearches: 2,
  };
  const headers = { 'x-simulate': JSON.stringify({ usage }) };
  await openai.chat.completions.create({ model: 'gpt-4o', messages });
  for await (const _ of await openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true }));
  await openai.responses.create({ model: 'gpt-4o', input: 'Tell me of the sea' });
  await openai.embeddings.create({ model: 'text-embedding-3-small', input: 'the sea' });
  await anthropic.messages.create({ model: 'claude-sonnet-4-6', max_tokens: 600, messages }, { headers });
  for await (const _ of await anthropic.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 600,
    messages,
    stream: true,
  }));
};
