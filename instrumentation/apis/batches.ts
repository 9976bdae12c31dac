import { anthropicMessages } from './anthropic-messages.ts';
import { countOf, emptyAnswer, isJson, listOf, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';
import { geminiContent } from './gemini.ts';
import { mistralOcr } from './ocr.ts';
import { openaiChat, openaiCompletions } from './openai-chat.ts';
import { openaiEmbeddings } from './openai-embeddings.ts';
import { openaiImages } from './openai-images.ts';
import { openaiResponses } from './openai-responses.ts';

/** What is known of the answer to one request of a batch. */
export interface BatchResult {
  /** Tells it from every other, and is the same whenever and however it is fetched. */
  readonly key: string;
  readonly api: WireApi;
  readonly answer: AnswerFacts;
  /** When it was made, in milliseconds since the Unix epoch, where it says so. */
  readonly made: number | undefined;
}

/**
 * Where the results of a batch are fetched as lines: the file or the batch that they are of.
 *
 * @example batchOf('/v1/messages/batches/msgbatch_1/results') // 'msgbatch_1'
 */
export function batchOf(path: string): string | undefined {
  return /(?:\/files\/([^/?:]+)\/content|\/(files\/[^/?:]+):download|\/messages\/batches\/([^/?]+)\/results)(?:\?|$)/
    .exec(path)
    ?.slice(1)
    .find(Boolean);
}

/** Where batches are looked at: one, or a list of them. */
export function isBatch(path: string): boolean {
  return /\/(?:batches|batch\/jobs)(?:\/[^/?]+)?(?:\?|$)/.test(path);
}

/** A batch as the provider describes it. */
export interface BatchFacts {
  /** By what its results will be fetched. */
  readonly of: readonly string[];
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly made: number | undefined;
  /** Where results stand in the description itself. */
  readonly lines: readonly Json[];
}

/**
 * The batches that an answer describes. https://platform.openai.com/docs/api-reference/batch/object,
 * https://docs.anthropic.com/en/api/retrieving-message-batches, https://docs.mistral.ai/api/#tag/batch,
 * https://ai.google.dev/api/batch-api
 */
export function readBatches(body: Json): readonly BatchFacts[] {
  const list = [body['data'], body['operations']].find((value) => Array.isArray(value));
  return (list === undefined ? [body] : listOf(list)).map((batch) => {
    const { metadata, response } = batch;
    const gemini = isJson(metadata) ? metadata : {};
    const output = isJson(response) ? response : isJson(gemini['output']) ? gemini['output'] : {};
    const of = [batch['id'], batch['name'], batch['output_file_id'], batch['output_file'], output['responsesFile']];
    return {
      of: of.filter((id) => typeof id === 'string'),
      made: timeOf(batch['created_at'] ?? gemini['createTime']),
      lines: inlineLines(batch, output),
    };
  });
}

/** Mistral gives lines as they would be in a file; Gemini has a word of its own for the request's name. */
function inlineLines(batch: Json, output: Json): readonly Json[] {
  const { inlinedResponses } = output;
  if (!isJson(inlinedResponses)) return listOf(batch['outputs']);
  return listOf(inlinedResponses['inlinedResponses']).map(({ metadata, response }, index) => ({
    key: `${String(batch['name'])}/${isJson(metadata) && 'key' in metadata ? String(metadata['key']) : index}`,
    response,
  }));
}

/** Whether a line can be one of a batch's results at all. */
export function isBatchLine(line: Json): boolean {
  return ('custom_id' in line || 'key' in line) && ('result' in line || 'response' in line || 'error' in line);
}

/**
 * One line of the results of `batch`; undefined where it bills nothing (a request that failed, expired or was cancelled) or
 * is of an API that we do not know. https://platform.openai.com/docs/guides/batch#5-retrieve-the-results,
 * https://docs.anthropic.com/en/docs/build-with-claude/batch-processing#retrieving-batch-results,
 * https://ai.google.dev/gemini-api/docs/batch-api
 */
export function readBatchResult(line: Json, batch: string): BatchResult | undefined {
  const body = bodyOf(line);
  const api = body === undefined ? undefined : apiOf(body);
  if (body === undefined || api === undefined) return undefined;
  const answer = emptyAnswer();
  api.readBody(body, answer);
  // A count is all that is wanted; there may be very many.
  answer.text = '';
  const ids = [answer.id, textOf(line['id'])];
  answer.id ??= ids[1];
  const parts = [...(answer.id === undefined ? [batch] : ids), line['custom_id'] ?? line['key']];
  return { key: JSON.stringify(parts), api, answer, made: timeOf(body['created'] ?? body['created_at']) };
}

function bodyOf({ result, response }: Json): Json | undefined {
  // Anthropic says how it went
  if (isJson(result))
    return result['type'] === 'succeeded' && isJson(result['message']) ? result['message'] : undefined;
  if (!isJson(response)) return undefined;
  const { status_code: status, body } = response;
  // and OpenAI with a status; Gemini gives the answer itself.
  if (status === undefined && body === undefined) return response;
  return isJson(body) && (typeof status !== 'number' || status < 300) ? body : undefined;
}

const byObject = new Map<unknown, WireApi>([
  ['chat.completion', openaiChat],
  ['text_completion', openaiCompletions],
  ['response', openaiResponses],
  ['message', anthropicMessages],
]);

function apiOf(body: Json): WireApi | undefined {
  const { usage } = body;
  const named = byObject.get(body['object'] ?? body['type']);
  if (named !== undefined) return named;
  if (isJson(body['usageMetadata']) || Array.isArray(body['candidates'])) return geminiContent;
  if (isJson(body['usage_info'])) return mistralOcr;
  const first = listOf(body['data'])[0];
  if (first?.['object'] === 'embedding') return openaiEmbeddings;
  if (first !== undefined && ('b64_json' in first || 'url' in first)) return openaiImages;
  return isJson(usage) && 'prompt_tokens' in usage ? openaiChat : undefined;
}

/** Before anybody had batches it is a mistake, and prices nothing. */
const earliest = Date.UTC(2020, 0, 1);
const dayMs = 86_400_000;

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : (countOf(value) ?? Number.NaN) * 1000;
  return time >= earliest && time < Date.now() + dayMs ? time : undefined;
}
