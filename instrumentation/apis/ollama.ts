import { readOllamaUsage } from '../../pricing/usage/blocks/index.ts';
import { stringOf, countOf, isJson, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';

/** `POST /api/chat`. https://github.com/ollama/ollama/blob/main/docs/api.md */
export const ollamaChat: WireApi = {
  name: 'ollama-chat',
  operation: 'chat',
  request: (body) => ({
    model: textOf(body['model']),
    maxTokens: isJson(body['options']) ? countOf(body['options']['num_predict']) : undefined,
    // Streaming is what it does unless told not to.
    stream: body['stream'] !== false,
  }),
  readBody(body, into) {
    readLine(body, into);
    into.complete = true;
  },
  readEvent: readLine,
  readUsage: readOllamaUsage,
  input: (body) => [body['system'], body['messages'], body['prompt'], body['tools'], body['input']],
};

/** `POST /api/generate`. */
export const ollamaGenerate: WireApi = { ...ollamaChat, name: 'ollama-generate', operation: 'text_completion' };

/** `POST /api/embed` and `/api/embeddings`. */
export const ollamaEmbeddings: WireApi = {
  ...ollamaChat,
  name: 'ollama-embeddings',
  operation: 'embeddings',
  request: (body) => ({ model: textOf(body['model']), maxTokens: undefined, stream: false }),
};

const counts = ['prompt_eval_count', 'eval_count'] as const;

/** The counts stand in the answer itself, on the last line of a stream. */
function readLine(line: Json, into: AnswerFacts): void {
  into.model ??= textOf(line['model']);
  const { message } = line;
  into.text += stringOf(line['response']) + stringOf(line['thinking']);
  if (isJson(message)) into.text += stringOf(message['content']) + stringOf(message['thinking']);
  const reason = textOf(line['done_reason']);
  if (reason !== undefined) into.finishReasons = [reason];
  if (counts.some((name) => line[name] !== undefined))
    into.block = Object.fromEntries(counts.flatMap((name) => (line[name] === undefined ? [] : [[name, line[name]]])));
  if (line['done'] === true) into.complete = true;
}
