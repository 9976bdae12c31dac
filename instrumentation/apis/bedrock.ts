import { readAnthropicMessagesUsage, readBedrockUsage } from '../../pricing/usage/blocks/index.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import { stringOf, countOf, isJson, listOf, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';

/** Converse and ConverseStream. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
export const bedrockConverse: WireApi = {
  name: 'bedrock-converse',
  operation: 'chat',
  request: (body, path) => ({
    model: textOf(body['modelId']),
    maxTokens: isJson(body['inferenceConfig']) ? countOf(body['inferenceConfig']['maxTokens']) : undefined,
    stream: path.endsWith('-stream'),
  }),
  readBody(body, into) {
    readConverse(body, into);
    into.complete = true;
  },
  readEvent(event, into) {
    const { contentBlockDelta: content, messageStop: stop, metadata } = event;
    if (isJson(content) && isJson(content['delta'])) into.text += deltaText(content['delta']);
    if (isJson(stop)) readConverse(stop, into);
    if (!isJson(metadata)) return;
    readConverse(metadata, into);
    into.complete = true;
  },
  readUsage: readConverseUsage,
  input: (body) => [body['system'], body['messages'], body['toolConfig']],
};

/** InvokeModel and its stream: bodies of many makers, with counts of Bedrock's own beside them. */
export const bedrockInvoke: WireApi = {
  name: 'bedrock-invoke',
  operation: 'chat',
  request: (body, path) => ({
    model: textOf(body['modelId']),
    maxTokens: countOf(body['max_tokens']) ?? countOf(body['max_gen_len']),
    stream: path.endsWith('-stream'),
  }),
  readBody(body, into) {
    // Of all these bodies only Anthropic's says more than Bedrock's own counts.
    if (isAnthropic(body)) anthropicMessages.readBody(body, into);
    else if (isJson(body['usage'])) into.block ??= converseLike(body['usage']);
    into.complete = true;
  },
  readEvent(event, into) {
    anthropicMessages.readEvent(event, into);
    into.text += stringOf(event['generation']) + stringOf(event['outputText']) + stringOf(event['completion']);
    const metrics = event['amazon-bedrock-invocationMetrics'];
    if (!isJson(metrics)) return;
    if (!isJson(into.block) || !('output_tokens' in into.block)) into.block = metrics;
    into.complete = true;
  },
  readUsage: (block) =>
    isJson(block) && 'input_tokens' in block ? readAnthropicMessagesUsage(block) : readBedrockUsage(block),
  input: (body) => [
    body['system'],
    body['messages'],
    body['prompt'],
    body['inputText'],
    body['texts'],
    body['message'],
    body['tools'],
  ],
};

/** Embedding models are invoked like any other; their names tell. */
export const bedrockEmbeddings: WireApi = { ...bedrockInvoke, name: 'bedrock-embeddings', operation: 'embeddings' };

const counted = new Map([
  ['x-amzn-bedrock-input-token-count', 'inputTokenCount'],
  ['x-amzn-bedrock-output-token-count', 'outputTokenCount'],
  ['x-amzn-bedrock-cache-read-input-token-count', 'cacheReadInputTokenCount'],
  ['x-amzn-bedrock-cache-write-input-token-count', 'cacheWriteInputTokenCount'],
]);

/** The counts that InvokeModel sends as response headers, as a block. */
export function countsOfHeaders(headers: Readonly<Record<string, unknown>>): Json | undefined {
  const block: Record<string, number> = {};
  for (const [name, value] of Object.entries(headers)) {
    const key = counted.get(name.toLowerCase());
    if (key !== undefined && /^\d+$/.test(String(value))) block[key] = Number(value);
  }
  return Object.keys(block).length === 0 ? undefined : block;
}

function readConverse(from: Json, into: AnswerFacts): void {
  const { usage, stopReason, output } = from;
  // The tier is said beside the usage, where it is said.
  const tier = isJson(from['serviceTier']) ? from['serviceTier']['type'] : undefined;
  if (isJson(usage)) into.block = tier === undefined ? usage : { ...usage, serviceTier: tier };
  const reason = textOf(stopReason);
  if (reason !== undefined) into.finishReasons = [reason];
  const message = isJson(output) ? output['message'] : undefined;
  if (isJson(message)) for (const part of listOf(message['content'])) into.text += stringOf(part['text']);
}

function readConverseUsage(block: unknown): ReturnType<WireApi['readUsage']> {
  if (!isJson(block)) return readBedrockUsage(block);
  const { serverToolUsage: _tools, ...rest } = block;
  return readBedrockUsage(rest);
}

/** Nova's own block, which has Converse's names. */
function converseLike(usage: Json): Json | undefined {
  return countOf(usage['inputTokens']) === undefined ? undefined : usage;
}

function isAnthropic(body: Json): boolean {
  const { type, usage } = body;
  return type === 'message' && isJson(usage) && countOf(usage['input_tokens']) !== undefined;
}

function deltaText(delta: Json): string {
  const { reasoningContent: reasoning, toolUse } = delta;
  return (
    stringOf(delta['text']) +
    (isJson(reasoning) ? stringOf(reasoning['text']) : 0) +
    (isJson(toolUse) ? stringOf(toolUse['input']) : 0)
  );
}
