import { readAnthropicMessagesUsage } from '../../pricing/usage/blocks/index.ts';
import { stringOf, countOf, isJson, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';

/** `POST /v1/messages`, plain and streamed. https://docs.anthropic.com/en/api/messages-streaming */
export const anthropicMessages: WireApi = {
  name: 'anthropic-messages',
  operation: 'chat',
  // On Vertex the model stands in the path.
  request: (body, path) => ({
    model: textOf(body['model']) ?? /\/models\/([^/:]+)/.exec(path)?.[1],
    maxTokens: countOf(body['max_tokens']),
    stream: body['stream'] === true || path.endsWith(':streamRawPredict'),
  }),
  readBody(body, into) {
    readMessage(body, into);
    into.complete = true;
  },
  readEvent(event, into) {
    const { type } = event;
    if (type === 'content_block_delta' && isJson(event['delta'])) into.text += deltaText(event['delta']);
    else if (type === 'message_start' && isJson(event['message'])) readMessage(event['message'], into);
    else if (type === 'message_delta') {
      if (isJson(event['delta'])) readStop(event['delta'], into);
      // These are the final figures: nothing that is billed follows.
      into.complete = true;
      if (isJson(event['usage'])) into.block = newer(into.block, event['usage']);
    } else if (type === 'message_stop') into.complete = true;
    else if (type === 'error')
      into.error = isJson(event['error']) ? (textOf(event['error']['type']) ?? 'error') : 'error';
  },
  readUsage: readAnthropicMessagesUsage,
  input: (body) => [body['system'], body['messages'], body['tools']],
};

function readMessage(message: Json, into: AnswerFacts): void {
  into.id = textOf(message['id']);
  into.model = textOf(message['model']);
  if (isJson(message['usage'])) into.block = message['usage'];
  readStop(message, into);
}

function readStop(from: Json, into: AnswerFacts): void {
  const reason = textOf(from['stop_reason']);
  if (reason !== undefined) into.finishReasons = [reason];
}

/** The delta's figures are cumulative: they replace those of the start. Null means that there is nothing to say. */
function newer(block: unknown, delta: Json): Json {
  const merged: Record<string, unknown> = { ...(isJson(block) ? block : {}) };
  for (const [key, value] of Object.entries(delta)) if (value !== null) merged[key] = value;
  return merged;
}

function deltaText(delta: Json): string {
  return stringOf(delta['text']) + stringOf(delta['thinking']) + stringOf(delta['partial_json']);
}
