import {
  readAzureUsage,
  readDeepSeekUsage,
  readGroqUsage,
  readMistralUsage,
  readMoonshotUsage,
  readOpenAIChatUsage,
  readOpenRouterUsage,
  readPerplexityUsage,
  readTogetherUsage,
  readXaiUsage,
  type BlockReader,
} from '../../pricing/usage/blocks/index.ts';
import { servedTier } from '../../pricing/usage/tier.ts';
import { stringOf, countOf, isJson, listOf, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';

/** `POST /chat/completions`, of OpenAI and of every host that speaks the same. */
export const openaiChat: WireApi = {
  name: 'openai-chat',
  operation: 'chat',
  request: (body) => ({
    model: textOf(body['model']),
    maxTokens: countOf(body['max_completion_tokens']) ?? countOf(body['max_tokens']),
    stream: body['stream'] === true,
  }),
  readBody(body, into) {
    readHead(body, into);
    const { choices } = body;
    if (Array.isArray(choices))
      for (let at = 0; at < choices.length; at++) if (isJson(choices[at])) readFinish(choices[at], at, into);
    into.complete = true;
  },
  readEvent(event, into) {
    readHead(event, into);
    const { choices } = event;
    if (!Array.isArray(choices)) return;
    for (const choice of choices) {
      if (!isJson(choice)) continue;
      if (isJson(choice['delta'])) into.text += deltaText(choice['delta']);
      // The legacy completions API has the text itself in the choice.
      into.text += stringOf(choice['text']);
      if (choice['finish_reason'] !== null) readFinish(choice, 0, into);
    }
  },
  readUsage: (block, provider) => (readers.get(provider) ?? readerOf(block))(block),
  tierOf: ({ openaiTier }) => servedTier(openaiTier),
  input: (body) => [body['messages'], body['prompt'], body['tools'], body['functions'], body['response_format']],
  asking: (provider) => ({
    ask: (body) =>
      body['stream_options'] === undefined ? { ...body, stream_options: { include_usage: true } } : undefined,
    isAnswer: ({ choices, usage }) => Array.isArray(choices) && choices.length === 0 && isJson(usage),
    // With the question OpenAI writes `usage: null` on every chunk; other hosts write it always or never.
    strip: (event) => {
      if (event['usage'] === null && tellsNull.has(provider)) delete event['usage'];
    },
  }),
};

const tellsNull: ReadonlySet<string> = new Set(['openai', 'azure.ai.openai']);

/** Hosts whose usage block has fields of its own. */
const readers = new Map<string, BlockReader>([
  ['azure.ai.inference', readAzureUsage],
  ['azure.ai.openai', readAzureUsage],
  ['deepseek', readDeepSeekUsage],
  ['groq', readGroqUsage],
  ['mistral_ai', readMistralUsage],
  ['moonshot_ai', readMoonshotUsage],
  ['openrouter', readOpenRouterUsage],
  ['perplexity', readPerplexityUsage],
  ['together_ai', readTogetherUsage],
  ['x_ai', readXaiUsage],
]);

/** Behind a gateway the host tells nothing, but fields that only one provider writes do. */
function readerOf(block: unknown): BlockReader {
  if (!isJson(block)) return readOpenAIChatUsage;
  if ('cost_in_usd_ticks' in block) return readXaiUsage;
  if ('prompt_cache_hit_tokens' in block) return readDeepSeekUsage;
  return 'cost' in block ? readOpenRouterUsage : readOpenAIChatUsage;
}

/** `POST /completions`: the same but for its operation. */
export const openaiCompletions: WireApi = { ...openaiChat, name: 'openai-completions', operation: 'text_completion' };

function readHead(body: Json, into: AnswerFacts): void {
  into.id ??= textOf(body['id']);
  into.model ??= textOf(body['model']);
  into.openaiTier = textOf(body['service_tier']) ?? into.openaiTier;
  if (isJson(body['usage'])) into.block = body['usage'];
  // Groq's own place for the usage of a stream that was not asked.
  else if (isJson(body['x_groq']) && isJson(body['x_groq']['usage'])) into.block = body['x_groq']['usage'];
}

function readFinish(choice: Json, at: number, into: AnswerFacts): void {
  const reason = textOf(choice['finish_reason']);
  if (reason === undefined) return;
  into.finishReasons[countOf(choice['index']) ?? at] = reason;
  into.complete = true;
}

function deltaText(delta: Json): string {
  let text = stringOf(delta['content']) + stringOf(delta['refusal']);
  // Not OpenAI's own names, but what DeepSeek, xAI, OpenRouter and others stream their reasoning as.
  text += stringOf(delta['reasoning_content']) || stringOf(delta['reasoning']);
  const calls = delta['tool_calls'];
  if (!Array.isArray(calls)) return text;
  for (const call of listOf(calls))
    if (isJson(call['function'])) text += stringOf(call['function']['name']) + stringOf(call['function']['arguments']);
  return text;
}
