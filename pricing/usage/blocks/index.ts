/** Every kind of usage block that we can read: to add one, add its file, a line here and one in `kinds.ts`. */
export { readAnthropicMessagesUsage } from './anthropic-messages.ts';
export { readBedrockUsage } from './bedrock.ts';
export { readCohereUsage } from './cohere.ts';
export { readAzureUsage, readXaiResponsesUsage, withGatewayCost } from './gateways.ts';
export { readGeminiInteractionsUsage } from './gemini-interactions.ts';
export { readGeminiUsage } from './gemini.ts';
export {
  readDeepSeekUsage,
  readGroqUsage,
  readMoonshotUsage,
  readOllamaUsage,
  readOpenRouterUsage,
  readPerplexityUsage,
  readTogetherUsage,
  readVoyageUsage,
  readXaiUsage,
} from './hosts.ts';
export { readUsageBlock } from './kinds.ts';
export { readMistralUsage } from './mistral.ts';
export { readOpenAIAudioUsage } from './openai-audio.ts';
export { readOpenAIChatUsage } from './openai-chat.ts';
export { readOpenAIEmbeddingsUsage } from './openai-embeddings.ts';
export { readOpenAIImagesUsage } from './openai-images.ts';
export { readOpenAIResponsesUsage } from './openai-responses.ts';
export { readReplicateUsage } from './replicate.ts';
export type { BlockReader, BlockReading } from './block.ts';
