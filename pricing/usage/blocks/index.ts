/** Every kind of usage block that we can read: to add one, add its file and a line here. */
export { readAnthropicMessagesUsage } from './anthropic-messages.ts';
export { readOpenAIChatUsage } from './openai-chat.ts';
export { readOpenAIEmbeddingsUsage } from './openai-embeddings.ts';
export { readOpenAIResponsesUsage } from './openai-responses.ts';
export { readUsageBlock } from './kinds.ts';
export type { BlockReader, BlockReading } from './block.ts';
