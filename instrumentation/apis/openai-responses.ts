import {
  readAzureUsage,
  readOpenAIResponsesUsage,
  readXaiResponsesUsage,
  withGatewayCost,
  type BlockReader,
} from '../../pricing/usage/blocks/index.ts';
import { servedTier } from '../../pricing/usage/tier.ts';
import { stringOf, countOf, isJson, listOf, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';

/** Events that end a stream; each carries the whole response. https://platform.openai.com/docs/api-reference/responses-streaming */
const endings = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/** Items of `output` that are billed by the piece. */
const billedItems = new Map<unknown, 'web_search' | 'file_search'>([
  ['web_search_call', 'web_search'],
  ['file_search_call', 'file_search'],
]);

/** `POST /responses`, plain and streamed. */
export const openaiResponses: WireApi = {
  name: 'openai-responses',
  operation: 'chat',
  request: (body) => ({
    model: textOf(body['model']),
    maxTokens: countOf(body['max_output_tokens']),
    stream: body['stream'] === true,
  }),
  readBody: readResponse,
  readEvent(event, into) {
    const { type, response } = event;
    if (typeof type !== 'string') return;
    if (isJson(response)) {
      if (endings.has(type)) readResponse(response, into);
      else readHead(response, into);
    } else if (type.endsWith('.delta')) into.text += stringOf(event['delta']);
    else if (type === 'error') into.error = textOf(event['code']) ?? 'error';
  },
  // In background mode the usage comes with a later look at the same response.
  pending: ({ id, status }) => (status === 'queued' || status === 'in_progress' ? textOf(id) : undefined),
  readUsage: (block) => readerOf(block)(block),
  tierOf: ({ openaiTier }) => servedTier(openaiTier),
  input: (body) => [body['instructions'], body['input'], body['tools'], body['text']],
};

/** Behind a gateway the host tells nothing, but fields that only one provider writes do. */
function readerOf(block: unknown): BlockReader {
  if (!isJson(block)) return readOpenAIResponsesUsage;
  if ('num_server_side_tools_used' in block || 'cost_in_usd_ticks' in block) return readXaiResponsesUsage;
  // Models of other makers on Azure answer with the block of chat completions.
  if ('prompt_tokens' in block) return readAzureUsage;
  return withGatewayCost(readOpenAIResponsesUsage);
}

function readHead(response: Json, into: AnswerFacts): void {
  into.id ??= textOf(response['id']);
  into.model = textOf(response['model']) ?? into.model;
  into.openaiTier = textOf(response['service_tier']) ?? into.openaiTier;
}

function readResponse(response: Json, into: AnswerFacts): void {
  readHead(response, into);
  if (isJson(response['usage'])) into.block = response['usage'];
  const status = textOf(response['status']);
  const details = response['incomplete_details'];
  const reason = isJson(details) ? textOf(details['reason']) : undefined;
  if (status !== undefined) into.finishReasons = [reason ?? status];
  if (status === 'failed' && isJson(response['error'])) into.error = textOf(response['error']['code']) ?? 'failed';
  into.complete = status !== 'queued' && status !== 'in_progress';
  into.extra = builtInTools(response);
}

/** Built-in tools stand in no usage block: they are billed by the calls that the answer lists. */
function builtInTools(response: Json): AnswerFacts['extra'] {
  const extra: NonNullable<AnswerFacts['extra']> = {};
  for (const item of listOf(response['output'])) {
    const { type, action } = item;
    // Opening a page that a search has found, or searching in it, is not billed.
    const unbilled = type === 'web_search_call' && isJson(action) && action['type'] !== 'search';
    const session = type === 'code_interpreter_call' && isNewContainer(item['container_id']);
    const unit = unbilled ? undefined : session ? 'code_session' : billedItems.get(type);
    if (unit !== undefined) extra[unit] = (extra[unit] ?? 0) + 1;
  }
  return Object.keys(extra).length === 0 ? undefined : extra;
}

/** A container is billed once for its session, however many answers run code in it. */
function isNewContainer(id: unknown): boolean {
  if (typeof id !== 'string' || containers.has(id)) return false;
  if (containers.size >= 1000) containers.clear();
  containers.add(id);
  return true;
}
const containers = new Set<string>();
