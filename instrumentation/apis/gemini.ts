import { readGeminiInteractionsUsage, readGeminiUsage } from '../../pricing/usage/blocks/index.ts';
import { stringOf, countOf, isJson, listOf, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';

/** `models/{model}:generateContent` and `:streamGenerateContent`, of the Gemini API and of Vertex AI. */
export const geminiContent: WireApi = {
  name: 'gemini-content',
  operation: 'generate_content',
  request: (body, path) => ({
    model: modelOf(path),
    maxTokens: isJson(body['generationConfig']) ? countOf(body['generationConfig']['maxOutputTokens']) : undefined,
    stream: path.includes(':stream'),
  }),
  readBody(body, into) {
    readContent(body, into);
    into.complete = true;
  },
  readEvent: readContent,
  readUsage: readGeminiUsage,
  input: (body) => [body['systemInstruction'], body['contents'], body['tools']],
};

/** `models/{model}:embedContent` and `:batchEmbedContents`. */
export const geminiEmbeddings: WireApi = {
  name: 'gemini-embeddings',
  operation: 'embeddings',
  request: (_body, path) => ({ model: modelOf(path), maxTokens: undefined, stream: false }),
  readBody(body, into) {
    readUsage(body, into);
    into.complete = true;
  },
  readEvent: () => {},
  readUsage(block) {
    if (!isJson(block)) return readGeminiUsage(block);
    // This answer alone writes the word in the singular.
    const { promptTokenDetails: details, ...rest } = block;
    const counts = { ...rest, totalTokenCount: block['promptTokenCount'] };
    return readGeminiUsage(details === undefined ? counts : { ...counts, promptTokensDetails: details });
  },
  input: (body) => [body['content'], body['requests'], body['instances']],
};

/** `POST /interactions`. https://ai.google.dev/api/interactions-api */
export const geminiInteractions: WireApi = {
  name: 'gemini-interactions',
  operation: 'generate_content',
  request: (body) => ({ model: textOf(body['model']), maxTokens: undefined, stream: body['stream'] === true }),
  readBody: readInteraction,
  readEvent(event, into) {
    const { interaction, delta } = event;
    if (isJson(interaction)) readInteraction(interaction, into);
    else if (isJson(delta)) into.text += stringOf(delta['text']);
  },
  readUsage: readGeminiInteractionsUsage,
  input: (body) => [body['system_instruction'], body['input'], body['tools']],
};

function modelOf(path: string): string | undefined {
  const name = /\/models\/([^/:]+)/.exec(path)?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
}

function readUsage(body: Json, into: AnswerFacts): void {
  // Cumulative: the last one counts.
  if (isJson(body['usageMetadata'])) into.block = body['usageMetadata'];
}

function readContent(body: Json, into: AnswerFacts): void {
  into.id ??= textOf(body['responseId']);
  into.model ??= textOf(body['modelVersion']);
  readUsage(body, into);
  for (const [at, candidate] of listOf(body['candidates']).entries()) {
    const reason = textOf(candidate['finishReason']);
    if (reason !== undefined) {
      into.finishReasons[countOf(candidate['index']) ?? at] = reason.toLowerCase();
      into.complete = true;
    }
    const { content } = candidate;
    if (isJson(content)) for (const part of listOf(content['parts'])) into.text += stringOf(part['text']);
  }
}

function readInteraction(interaction: Json, into: AnswerFacts): void {
  into.id = textOf(interaction['id']) ?? into.id;
  into.model = textOf(interaction['model']) ?? into.model;
  if (isJson(interaction['usage'])) into.block = interaction['usage'];
  const status = textOf(interaction['status']);
  if (status === undefined || status === 'in_progress') return;
  into.finishReasons = [status];
  into.complete = true;
}
