import { isJson, listOf, stringOf, textOf, type Json } from './api.ts';

/**
 * Messages as the GenAI conventions write them, from the requests and answers of every wire API that we read. Only used where
 * the application has switched the capture of content on.
 * https://github.com/open-telemetry/semantic-conventions-genai
 */
export interface Message {
  readonly role: string;
  readonly parts: readonly Part[];
  readonly finish_reason?: string;
}

/** `type` is one of the conventions' (`text`, `reasoning`, `tool_call`, `tool_call_response`, `blob`), else the provider's own. */
export interface Part {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * What a request asks.
 *
 * @example requestMessages({ messages: [{ role: 'user', content: 'Hello' }] }).input
 * // [{ role: 'user', parts: [{ type: 'text', content: 'Hello' }] }]
 */
export function requestMessages(body: Json): { readonly system: readonly Part[]; readonly input: readonly Message[] } {
  const instructions = body['systemInstruction'];
  const system = [
    body['system'],
    body['instructions'],
    body['preamble'],
    isJson(instructions) ? instructions['parts'] : instructions,
  ];
  const said = [
    body['chat_history'],
    body['messages'],
    body['contents'],
    body['input'],
    body['message'],
    body['prompt'],
    body['inputText'],
  ];
  return { system: system.flatMap(partsOf), input: said.flatMap(messagesOf) };
}

/** What a whole answer says. */
export function answerMessages(body: Json): readonly Message[] {
  const { choices, candidates, output, content, message } = body;
  if (Array.isArray(choices))
    return listOf(choices).map((choice) =>
      finished(isJson(choice['message']) ? choice['message'] : choice, choice['finish_reason']),
    );
  if (Array.isArray(candidates))
    return listOf(candidates).map((one) => finished(isJson(one['content']) ? one['content'] : {}, one['finishReason']));
  if (Array.isArray(output)) return messagesOf(output);
  if (isJson(output) && isJson(output['message'])) return [finished(output['message'], body['stopReason'])];
  if (Array.isArray(content)) return [finished(body, body['stop_reason'])];
  if (isJson(message)) return [finished(message, body['finish_reason'] ?? body['done_reason'])];
  const text = [body['response'], body['text'], body['generation'], body['outputText'], body['completion']]
    .map(stringOf)
    .join('');
  return text === '' ? [] : [finished({ content: text }, body['finish_reason'] ?? body['done_reason'])];
}

function finished(message: Json, reason: unknown): Message {
  const { role, parts } = messageOf({ role: 'assistant', ...message });
  const finish = textOf(reason);
  return { role, parts, ...(finish === undefined ? {} : { finish_reason: finish.toLowerCase() }) };
}

/** A text, a message, or a list of either. */
function messagesOf(value: unknown): readonly Message[] {
  if (typeof value === 'string') return value === '' ? [] : [{ role: 'user', parts: partsOf(value) }];
  if (Array.isArray(value)) return value.flatMap(messagesOf);
  return isJson(value) ? [messageOf(value)] : [];
}

function messageOf(item: Json): Message {
  const { role, type, tool_calls: calls } = item;
  // The Responses API has items of their own for what others keep in messages.
  if (role === undefined && typeof type === 'string' && type !== 'message') {
    const isOutput = type.endsWith('_output');
    return { role: isOutput ? 'tool' : 'assistant', parts: [partOf(item)] };
  }
  const named = textOf(role)?.toLowerCase() ?? 'user';
  const content = partsOf(item['content'] ?? item['parts'] ?? item['message'] ?? item['text'] ?? item['thinking']);
  const id = textOf(item['tool_call_id']);
  const parts =
    named === 'tool' && id !== undefined
      ? [{ type: 'tool_call_response', id, response: content.map(({ content: text }) => text).join('') }]
      : content;
  return {
    role: named === 'model' || named === 'chatbot' ? 'assistant' : named,
    parts: [...parts, ...listOf(calls).map(partOf)],
  };
}

function partsOf(value: unknown): readonly Part[] {
  if (typeof value === 'string') return value === '' ? [] : [{ type: 'text', content: value }];
  if (Array.isArray(value))
    return value.flatMap((item) => (typeof item === 'string' ? partsOf(item) : isJson(item) ? [partOf(item)] : []));
  return isJson(value) ? [partOf(value)] : [];
}

/** What kind of thing is sent, not the thing: it may be of any size, and an address may have a key in it. */
const media: readonly (readonly [RegExp, string])[] = [
  [/image|photo/i, 'image'],
  [/audio/i, 'audio'],
  [/video/i, 'video'],
  [/file|document|inlineData/i, 'document'],
];

function partOf(part: Json): Part {
  const { type, text, thinking, refusal, thought } = part;
  const call =
    [part['function'], part['toolUse'], part['functionCall']].find(isJson) ?? (isCall(type) ? part : undefined);
  if (call !== undefined) {
    const id = textOf(part['id']) ?? textOf(part['call_id']) ?? textOf(call['toolUseId']);
    const given = call['arguments'] ?? call['input'] ?? call['args'];
    return { type: 'tool_call', ...(id === undefined ? {} : { id }), name: stringOf(call['name']), arguments: given };
  }
  const result = [part['toolResult'], part['functionResponse']].find(isJson) ?? (isResult(type) ? part : undefined);
  if (result !== undefined) {
    const id = textOf(result['tool_use_id']) ?? textOf(result['call_id']) ?? textOf(result['toolUseId']);
    const response = result['output'] ?? result['content'] ?? result['response'];
    return { type: 'tool_call_response', ...(id === undefined ? {} : { id }), response: plain(response) };
  }
  const reasoning = isJson(part['reasoningContent']) ? part['reasoningContent'] : undefined;
  if (typeof thinking === 'string') return { type: 'reasoning', content: thinking };
  if (reasoning !== undefined) return { type: 'reasoning', content: textIn(reasoning) };
  if (type === 'reasoning')
    return { type: 'reasoning', content: textIn({ summary: part['summary'], content: part['content'] }) };
  if (typeof text === 'string') return { type: thought === true ? 'reasoning' : 'text', content: text };
  if (typeof refusal === 'string') return { type: 'text', content: refusal };
  const kind = [type, ...Object.keys(part)].map(String);
  const modality = media.find(([pattern]) => kind.some((word) => pattern.test(word)))?.[1];
  return modality === undefined ? { type: textOf(type) ?? 'generic' } : { type: 'blob', modality };
}

const isCall = (type: unknown): boolean =>
  type === 'tool_use' || type === 'function_call' || type === 'server_tool_use';
const isResult = (type: unknown): boolean => type === 'tool_result' || type === 'function_call_output';

/** Results are JSON of the application's own; lists of parts are read as such, so that no media is among them. */
function plain(response: unknown): unknown {
  if (!Array.isArray(response)) return response;
  return response.every(isJson) ? partsOf(response) : response;
}

/** The texts in it, joined. */
function textIn(value: unknown): string {
  if (Array.isArray(value)) return value.map(textIn).join('');
  if (!isJson(value)) return '';
  return Object.entries(value)
    .map(([key, inner]) => (key === 'text' ? stringOf(inner) : key === 'signature' ? '' : textIn(inner)))
    .join('');
}
