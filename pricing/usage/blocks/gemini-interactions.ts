import { isObject, type BlockReading } from './block.ts';
import { readGeminiUsage } from './gemini.ts';

/**
 * `usage` of Gemini's interactions API: the same counts as `usageMetadata`, by other names; thoughts and the prompt of tools
 * stand outside the input and output here as well. https://ai.google.dev/api/interactions-api
 *
 * @example readGeminiInteractionsUsage({ total_tokens: 58, total_input_tokens: 7, total_output_tokens: 19, total_thought_tokens: 32 }).usage
 * // counts { input: 7, output: 19, reasoning: 32 }
 */
export function readGeminiInteractionsUsage(block: unknown): BlockReading {
  if (!isObject(block)) return readGeminiUsage(block);
  const renamed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(block)) renamed[names.get(key) ?? key] = split(value);
  return readGeminiUsage(renamed);
}

const names = new Map([
  ['total_tokens', 'totalTokenCount'],
  ['total_input_tokens', 'promptTokenCount'],
  ['total_tool_use_tokens', 'toolUsePromptTokenCount'],
  ['total_cached_tokens', 'cachedContentTokenCount'],
  ['total_output_tokens', 'candidatesTokenCount'],
  ['total_thought_tokens', 'thoughtsTokenCount'],
  ['input_tokens_by_modality', 'promptTokensDetails'],
  ['tool_use_tokens_by_modality', 'toolUsePromptTokensDetails'],
  ['cached_tokens_by_modality', 'cacheTokensDetails'],
  ['output_tokens_by_modality', 'candidatesTokensDetails'],
]);

function split(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((item: unknown) =>
    isObject(item) ? { modality: item['modality'], tokenCount: item['tokens'] } : item,
  );
}
