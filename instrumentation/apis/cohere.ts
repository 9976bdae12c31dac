import { readCohereUsage } from '../../pricing/usage/blocks/index.ts';
import { stringOf, countOf, isJson, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';

/** `POST /v1/chat`, `/v2/chat` and `/v1/generate`. https://docs.cohere.com/reference/chat */
export const cohereChat: WireApi = {
  name: 'cohere-chat',
  operation: 'chat',
  request: (body) => ({
    model: textOf(body['model']),
    maxTokens: countOf(body['max_tokens']),
    stream: body['stream'] === true,
  }),
  readBody: readAnswer,
  readEvent(event, into) {
    const { delta, response } = event;
    into.id ??= textOf(event['id']) ?? textOf(event['generation_id']);
    into.text += stringOf(event['text']);
    // v1 ends with the whole response, v2 with a delta of its own kind.
    if (isJson(response)) readAnswer(response, into);
    if (!isJson(delta)) return;
    into.text += deltaText(delta['message']);
    if (event['type'] === 'message-end') readAnswer(delta, into);
  },
  readUsage: readCohereUsage,
  input: (body) => [
    body['preamble'],
    body['chat_history'],
    body['message'],
    body['messages'],
    body['prompt'],
    body['tools'],
  ],
};

/** `POST /v1/embed`, `/v2/embed`. */
export const cohereEmbeddings: WireApi = { ...cohereChat, name: 'cohere-embeddings', operation: 'embeddings' };

/** `POST /v1/rerank`, `/v2/rerank`: billed by the search. */
export const cohereRerank: WireApi = { ...cohereChat, name: 'cohere-rerank', operation: 'rerank' };

function readAnswer(body: Json, into: AnswerFacts): void {
  into.id ??= textOf(body['id']) ?? textOf(body['response_id']) ?? textOf(body['generation_id']);
  const reason = textOf(body['finish_reason']);
  if (reason !== undefined) into.finishReasons = [reason.toLowerCase()];
  const { usage, meta } = body;
  if (isJson(usage)) into.block = usage;
  else if (isJson(meta)) into.block = meta;
  into.complete = true;
}

function deltaText(message: unknown): string {
  if (!isJson(message)) return '';
  const { content, tool_plan: plan } = message;
  return stringOf(plan) + (isJson(content) ? stringOf(content['text']) + stringOf(content['thinking']) : 0);
}
