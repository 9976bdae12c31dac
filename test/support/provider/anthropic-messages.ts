import { idOf, namedEvent, type Api, type Reply } from './api.ts';
import { servedModel, type SimulatedCall, type SimulatedUsage } from './behaviour.ts';
import { answerTo, type Answer } from './text.ts';

const errors: Readonly<Record<number, readonly [type: string, message: string]>> = {
  400: ['invalid_request_error', 'The request could not be understood.'],
  401: ['authentication_error', 'invalid x-api-key'],
  403: ['permission_error', 'Your API key does not have permission to use this model.'],
  404: ['not_found_error', 'Not found'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  429: ['rate_limit_error', 'This request would exceed your rate limit of requests per minute.'],
  500: ['api_error', 'Internal server error'],
  529: ['overloaded_error', 'Overloaded'],
};

/** `POST /v1/messages`, plain and streamed. */
export const anthropicMessages: Api = {
  name: 'anthropic-messages',
  path: /\/v1\/messages$/,
  keyHeaders: ['x-api-key', 'authorization'],
  refuse: (body) => {
    const missing = ['model', 'max_tokens', 'messages'].find((field) => body[field] === undefined);
    return missing === undefined ? undefined : { status: 400, message: `${missing}: Field required`, param: missing };
  },
  answer: (call) => {
    const { body } = call;
    const answer = answerTo(call, [body['system'] ?? '', body['messages']], body['max_tokens']);
    return body['stream'] === true ? streamed(call, answer) : { kind: 'json', body: message(call, answer) };
  },
  error: (status, refusal, number) => {
    const [type, said] = errors[status] ?? ['api_error', 'Something went wrong'];
    return { type: 'error', error: { type, message: refusal.message ?? said }, request_id: idOf('req_', number) };
  },
  errorEvent: (number) =>
    namedEvent({
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded', details: null },
      request_id: idOf('req_', number),
    }),
  headers: (number) => ({ 'request-id': idOf('req_', number), 'anthropic-ratelimit-requests-remaining': '9999' }),
};

/** The start tells the input, with a placeholder for the output; the delta's figures are cumulative. */
function streamed(call: SimulatedCall, answer: Answer): Reply {
  const begun = { ...message(call, answer), content: [], stop_reason: null };
  const block = usageBlock(call, answer.usage);
  const atStart = block === null || call.behaviour.usageBlock !== undefined ? block : { ...block, output_tokens: 1 };
  const stop = { stop_reason: stopReason(call), stop_sequence: null };
  const delta = { type: 'message_delta', delta: stop, ...(block === null ? {} : { usage: deltaBlock(block) }) };
  const events = [
    { type: 'message_start', message: atStart === null ? begun : { ...begun, usage: atStart } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'ping' },
    ...answer.pieces.map((text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    })),
    { type: 'content_block_stop', index: 0 },
    delta,
    { type: 'message_stop' },
  ];
  return { kind: 'sse', events: events.map((event) => namedEvent(event)) };
}

function message(call: SimulatedCall, answer: Answer): Readonly<Record<string, unknown>> {
  const block = usageBlock(call, answer.usage);
  return {
    id: idOf('msg_', call.number),
    type: 'message',
    role: 'assistant',
    model: servedModel(call),
    content: [{ type: 'text', text: answer.text }],
    stop_reason: stopReason(call),
    stop_sequence: null,
    ...(block === null ? {} : { usage: block }),
  };
}

function stopReason(call: SimulatedCall): string {
  return call.behaviour.finish === 'length' ? 'max_tokens' : 'end_turn';
}

/** `input_tokens` is what was neither read from the cache nor written to it. */
function usageBlock(call: SimulatedCall, usage: SimulatedUsage): Readonly<Record<string, unknown>> | null {
  if (call.behaviour.usageBlock !== undefined) return call.behaviour.usageBlock;
  const written = usage.cacheWrite5m + usage.cacheWrite1h;
  const fresh = usage.input - usage.cacheRead - written;
  if (fresh < 0) throw new RangeError(`usage.input (${usage.input}) must include what the cache read and wrote`);
  return {
    input_tokens: fresh,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5m,
      ephemeral_1h_input_tokens: usage.cacheWrite1h,
    },
    output_tokens: usage.output,
    service_tier: call.behaviour.serviceTier ?? 'standard',
    inference_geo: 'not_available',
    ...(usage.reasoning > 0 ? { output_tokens_details: { thinking_tokens: usage.reasoning } } : {}),
    ...(usage.webSearches > 0 ? { server_tool_use: { web_search_requests: usage.webSearches } } : {}),
  };
}

/** The delta leaves out what cannot change any more: tier, place and the split of cache writes. */
function deltaBlock(block: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { service_tier: _tier, inference_geo: _geo, cache_creation: _split, ...rest } = block;
  return rest;
}
