import type { Api } from './api.ts';
import { servedModel } from './behaviour.ts';
import { openai, refuseMissing } from './openai-errors.ts';
import { countTokens } from './text.ts';

const size = 8;

/** `POST /v1/embeddings`; the SDK asks for base64 unless the application names a format. */
export const openaiEmbeddings: Api = {
  ...openai,
  name: 'openai-embeddings',
  path: /\/embeddings$/,
  refuse: (body) => refuseMissing(body, ['model', 'input']),
  answer: (call) => {
    const asked = call.body['input'];
    const inputs: readonly unknown[] = Array.isArray(asked) ? asked : [asked];
    const text = inputs.map((input) => (typeof input === 'string' ? input : JSON.stringify(input))).join(' ');
    const tokens = call.behaviour.usage?.input ?? countTokens(text);
    const base64 = call.body['encoding_format'] === 'base64';
    const data = inputs.map((_, index) => ({ object: 'embedding', index, embedding: vector(index, base64) }));
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    const block = call.behaviour.usageBlock === undefined ? usage : call.behaviour.usageBlock;
    const body = { object: 'list', data, model: servedModel(call) };
    return { kind: 'json', body: block === null ? body : { ...body, usage: block } };
  },
};

function vector(index: number, base64: boolean): string | readonly number[] {
  const numbers = Float32Array.from({ length: size }, (_, at) => 1 / (1 + index + at));
  return base64 ? Buffer.from(numbers.buffer).toString('base64') : Array.from(numbers);
}
