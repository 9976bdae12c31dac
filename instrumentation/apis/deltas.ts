import { answerMessages, type Message, type Part } from './messages.ts';
import { isJson, listOf, stringOf, textOf, type Json } from './api.ts';

/** A bit of a part of a streamed answer; what has the same key is one part. */
interface Delta {
  readonly key: string;
  readonly type: 'text' | 'reasoning' | 'tool_call';
  readonly text: string;
  readonly name?: string | undefined;
  readonly id?: string | undefined;
}

/** Puts the bits of a streamed answer together, up to `most` characters. */
export class StreamedMessage {
  readonly #parts = new Map<string, { type: Delta['type']; text: string; name?: string; id?: string }>();
  #whole: readonly Message[] | undefined;
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  event(event: Json): void {
    const { response } = event;
    // The Responses API ends with the whole answer.
    if (isJson(response) && Array.isArray(response['output']) && response['output'].length > 0)
      this.#whole = answerMessages(response);
    for (const { key, type, text, name, id } of deltasOf(event)) {
      const part = this.#parts.get(key) ?? { type, text: '' };
      part.text += text.slice(0, this.#left);
      this.#left = Math.max(0, this.#left - text.length);
      if (name !== undefined) part.name = name;
      if (id !== undefined) part.id = id;
      this.#parts.set(key, part);
    }
  }

  messages(): readonly Message[] {
    if (this.#whole !== undefined) return this.#whole;
    const parts = [...this.#parts.values()].map(({ type, text, name, id }): Part =>
      type === 'tool_call' ? { type, id, name: name ?? '', arguments: text } : { type, content: text },
    );
    return parts.length === 0 ? [] : [{ role: 'assistant', parts }];
  }
}

function deltasOf(event: Json): readonly Delta[] {
  const { choices, candidates, type, index, delta } = event;
  if (Array.isArray(choices)) return listOf(choices).flatMap(choiceDeltas);
  if (Array.isArray(candidates)) return answerMessages(event).flatMap(({ parts }) => parts.map(wholeDelta));
  if (type === 'content_block_start' && isJson(event['content_block']))
    return blockStart(String(index), event['content_block']);
  if (isJson(event['contentBlockStart'])) {
    const { start, contentBlockIndex: at } = event['contentBlockStart'];
    return isJson(start) && isJson(start['toolUse'])
      ? blockStart(String(at), { type: 'tool_use', ...start['toolUse'] })
      : [];
  }
  const block = event['contentBlockDelta'];
  if (isJson(block) && isJson(block['delta'])) return blockDelta(String(block['contentBlockIndex']), block['delta']);
  if (isJson(delta))
    return isJson(delta['message']) ? messageDelta(delta['message']) : blockDelta(String(index), delta);
  if (typeof type === 'string' && type.endsWith('.delta'))
    return [{ key: type, type: /reasoning/.test(type) ? 'reasoning' : 'text', text: stringOf(delta) }];
  if (isJson(event['message'])) return messageDelta(event['message']);
  return texts('text', 'text', stringOf(event['response']) + stringOf(event['text']) + stringOf(event['generation']));
}

function texts(key: string, type: Delta['type'], text: string): readonly Delta[] {
  return text === '' ? [] : [{ key, type, text }];
}

function choiceDeltas(choice: Json): readonly Delta[] {
  const { index, delta, text } = choice;
  const inner = isJson(delta) ? delta : {};
  const at = typeof index === 'number' ? index : 0;
  return [
    ...texts(`${at}/text`, 'text', stringOf(text) + stringOf(inner['content']) + stringOf(inner['refusal'])),
    ...texts(`${at}/reasoning`, 'reasoning', stringOf(inner['reasoning_content']) || stringOf(inner['reasoning'])),
    ...listOf(inner['tool_calls']).map((call) => callDelta(`${at}/${String(call['index'])}`, call)),
  ];
}

function callDelta(key: string, call: Json): Delta {
  const made = isJson(call['function']) ? call['function'] : {};
  return {
    key,
    type: 'tool_call',
    text: stringOf(made['arguments']),
    name: textOf(made['name']),
    id: textOf(call['id']),
  };
}

/** Ollama and Cohere stream messages with less in them. */
function messageDelta({ content, thinking, tool_calls: calls }: Json): readonly Delta[] {
  const inner = isJson(content) ? stringOf(content['text']) : stringOf(content);
  const thought = stringOf(thinking) + (isJson(content) ? stringOf(content['thinking']) : '');
  const list = Array.isArray(calls) ? listOf(calls) : isJson(calls) ? [calls] : [];
  return [
    ...texts('text', 'text', inner),
    ...texts('reasoning', 'reasoning', thought),
    ...list.map((call, at) => callDelta(`call/${at}`, call)),
  ];
}

function blockStart(key: string, block: Json): readonly Delta[] {
  if (block['type'] !== 'tool_use') return texts(key, 'text', stringOf(block['text']));
  return [
    {
      key,
      type: 'tool_call',
      text: '',
      name: textOf(block['name']),
      id: textOf(block['id']) ?? textOf(block['toolUseId']),
    },
  ];
}

function blockDelta(key: string, delta: Json): readonly Delta[] {
  const { toolUse, reasoningContent } = delta;
  const thought = stringOf(delta['thinking']) + (isJson(reasoningContent) ? stringOf(reasoningContent['text']) : '');
  const input = stringOf(delta['partial_json']) + (isJson(toolUse) ? stringOf(toolUse['input']) : '');
  return [
    ...texts(key, 'text', stringOf(delta['text'])),
    ...texts(key, 'reasoning', thought),
    ...texts(key, 'tool_call', input),
  ];
}

let wholes = 0;

/** Gemini streams parts; consecutive texts are one. */
function wholeDelta(part: Part): Delta {
  if (part.type === 'tool_call')
    return {
      key: `whole/${wholes++}`,
      type: 'tool_call',
      text: JSON.stringify(part['arguments'] ?? {}),
      name: stringOf(part['name']),
    };
  const type = part.type === 'reasoning' ? 'reasoning' : 'text';
  return { key: type, type, text: stringOf(part['content']) };
}
