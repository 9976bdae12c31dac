import { InferenceClient } from '@huggingface/inference';
import { all, at, messages, run } from './start.mjs';

const client = new InferenceClient('hf_test', { endpointUrl: at('router.huggingface.co', '/v1') });
const model = 'meta-llama/Llama-3.1-8B-Instruct';
await run({
  chat: async () => (await client.chatCompletion({ model, messages })).usage.completion_tokens > 0,
  stream: () => all(client.chatCompletionStream({ model, messages, stream_options: { include_usage: true } })),
  streamUnasked: () => all(client.chatCompletionStream({ model, messages })),
});
