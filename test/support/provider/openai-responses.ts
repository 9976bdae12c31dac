import { createdAt, idOf, namedEvent, type Api, type Reply } from './api.ts';
import { servedModel, type SimulatedCall, type SimulatedUsage } from './behaviour.ts';
import { openai, refuseMissing, responsesErrorEvent } from './openai-errors.ts';
import { answerTo, type Answer } from './text.ts';

/** `POST /v1/responses`, plain and streamed. */
export const openaiResponses: Api = {
  ...openai,
  name: 'openai-responses',
  path: /\/responses$/,
  refuse: (body) => refuseMissing(body, ['model', 'input']),
  answer: (call) => {
    const answer = answerTo(call, call.body['input'], call.body['max_output_tokens']);
    return call.body['stream'] === true ? streamed(call, answer) : { kind: 'json', body: finished(call, answer) };
  },
  errorEvent: responsesErrorEvent,
};

const endings = { stop: 'completed', length: 'incomplete', failed: 'failed' } as const;

function streamed(call: SimulatedCall, answer: Answer): Reply {
  const ending = endings[call.behaviour.finish ?? 'stop'];
  const begun = { ...response(call), status: 'in_progress', output: [], usage: null };
  const where = { item_id: messageId(call), output_index: 0, content_index: 0 };
  const empty = { type: 'output_text', text: '', annotations: [], logprobs: [] };
  const part = { ...empty, text: answer.text };
  const events = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { id: messageId(call), type: 'message', status: 'in_progress', role: 'assistant', content: [] },
    },
    { type: 'response.content_part.added', ...where, part: empty },
    ...answer.pieces.map((delta) => ({ type: 'response.output_text.delta', ...where, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...where, text: answer.text, logprobs: [] },
    { type: 'response.content_part.done', ...where, part },
    { type: 'response.output_item.done', output_index: 0, item: message(call, answer) },
    { type: `response.${ending}`, response: finished(call, answer) },
  ];
  return { kind: 'sse', events: events.map((event, at) => namedEvent({ ...event, sequence_number: at })) };
}

function finished(call: SimulatedCall, answer: Answer): Readonly<Record<string, unknown>> {
  const ending = endings[call.behaviour.finish ?? 'stop'];
  return {
    ...response(call),
    status: ending,
    error: ending === 'failed' ? { code: 'server_error', message: 'The model produced no answer.' } : null,
    incomplete_details: ending === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    output: [...searches(call, answer.usage), message(call, answer)],
    usage: usageBlock(call, answer.usage),
  };
}

function response(call: SimulatedCall): Readonly<Record<string, unknown>> {
  const { body } = call;
  return {
    id: idOf('resp_', call.number),
    object: 'response',
    created_at: createdAt(call.number),
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    model: servedModel(call),
    parallel_tool_calls: true,
    previous_response_id: body['previous_response_id'] ?? null,
    reasoning: { effort: null, summary: null },
    service_tier: call.behaviour.serviceTier ?? 'default',
    store: body['store'] ?? true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: body['tools'] ?? [],
    top_p: 1,
    truncation: 'disabled',
    metadata: body['metadata'] ?? {},
  };
}

function messageId(call: SimulatedCall): string {
  return idOf('msg_', call.number);
}

function message(call: SimulatedCall, answer: Answer): Readonly<Record<string, unknown>> {
  const content = [{ type: 'output_text', annotations: [], logprobs: [], text: answer.text }];
  return { id: messageId(call), type: 'message', status: 'completed', role: 'assistant', content };
}

/** Tool calls that are billed are items of the output, not figures of the usage block. */
function searches(call: SimulatedCall, usage: SimulatedUsage): readonly unknown[] {
  return Array.from({ length: usage.webSearches }, (_, at) => ({
    id: `${idOf('ws_', call.number)}${at}`,
    type: 'web_search_call',
    status: 'completed',
    action: { type: 'search', query: 'invoice' },
  }));
}

function usageBlock(call: SimulatedCall, usage: SimulatedUsage): unknown {
  if (call.behaviour.usageBlock !== undefined) return call.behaviour.usageBlock;
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cacheRead },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
}
