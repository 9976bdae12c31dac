import { readAnthropicMessagesUsage, type BlockReading } from '../../pricing/usage/blocks/index.ts';
import { fromInclusive } from '../../pricing/usage/usage.ts';
import { countOf, isJson, stringOf, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';

/**
 * A language model as the AI SDK calls it: its provider-neutral request, result and stream parts.
 * https://github.com/vercel/ai/tree/main/packages/provider/src/language-model
 */
export const aiSdkChat: WireApi = {
  name: 'ai-sdk-chat',
  operation: 'chat',
  request: (body) => ({
    model: textOf(body['modelId']),
    maxTokens: countOf(body['maxOutputTokens']),
    stream: body['stream'] === true,
  }),
  readBody(result, into) {
    readHead(result['response'], into);
    readEnd(result, into);
  },
  readEvent(part, into) {
    const { type } = part;
    if (type === 'response-metadata') readHead(part, into);
    else if (type === 'finish') readEnd(part, into);
    else if (typeof type === 'string' && type.endsWith('-delta')) into.text += stringOf(part['delta']);
  },
  readUsage: readChatUsage,
  input: (body) => [body['instructions'], body['messages']],
};

/** `embed` and `embedMany`. */
export const aiSdkEmbeddings: WireApi = {
  name: 'ai-sdk-embeddings',
  operation: 'embeddings',
  request: (body) => ({ model: textOf(body['modelId']), maxTokens: undefined, stream: false }),
  readBody(result, into) {
    into.block = result['usage'];
    into.complete = true;
  },
  readEvent: () => {},
  readUsage(block) {
    const tokens = isJson(block) ? countOf(block['tokens']) : undefined;
    return { usage: tokens === undefined ? { status: 'missing' } : fromInclusive({ input: tokens }, 'reported') };
  },
  input: (body) => [body['value']],
};

function readHead(response: unknown, into: AnswerFacts): void {
  if (!isJson(response)) return;
  into.id = textOf(response['id']) ?? into.id;
  into.model = textOf(response['modelId']) ?? into.model;
}

function readEnd(from: Json, into: AnswerFacts): void {
  const { finishReason: reason, usage } = from;
  const unified = isJson(reason) ? textOf(reason['unified']) : textOf(reason);
  if (unified !== undefined) into.finishReasons = [unified];
  if (isJson(usage)) into.block = usage;
  into.complete = true;
}

/** The totals include the cache and reasoning. The provider's own block says more where it tells writes by their time to live. */
function readChatUsage(block: unknown): BlockReading {
  if (!isJson(block)) return { usage: { status: 'missing' } };
  const { inputTokens, outputTokens, raw } = block;
  if (isJson(raw) && 'cache_creation_input_tokens' in raw) return readAnthropicMessagesUsage(raw);
  if (!isJson(inputTokens) || !isJson(outputTokens)) return { usage: { status: 'missing' } };
  const [input, output] = [countOf(inputTokens['total']), countOf(outputTokens['total'])];
  if (input === undefined || output === undefined) return { usage: { status: 'missing' } };
  const usage = fromInclusive(
    {
      input,
      output,
      cacheRead: countOf(inputTokens['cacheRead']),
      cacheWrite: countOf(inputTokens['cacheWrite']),
      reasoning: countOf(outputTokens['reasoning']),
    },
    'reported',
  );
  return { usage };
}
