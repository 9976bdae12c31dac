import {
  readCohereUsage,
  readMistralUsage,
  readOpenAIEmbeddingsUsage,
  readVoyageUsage,
  withGatewayCost,
} from '../../pricing/usage/blocks/index.ts';
import { isJson, textOf, type WireApi } from './api.ts';

const read = withGatewayCost(readOpenAIEmbeddingsUsage);

/** `POST /embeddings`. */
export const openaiEmbeddings: WireApi = {
  name: 'openai-embeddings',
  operation: 'embeddings',
  request: (body) => ({ model: textOf(body['model']), maxTokens: undefined, stream: false }),
  readBody(body, into) {
    into.model = textOf(body['model']);
    if (isJson(body['usage'])) into.block = body['usage'];
    // Cohere's own answer, through a client of OpenAI's.
    else if (isJson(body['meta'])) into.block = body['meta'];
    into.complete = true;
  },
  readEvent: () => {},
  readUsage(block, provider) {
    if (provider === 'mistral_ai') return readMistralUsage(block);
    if (provider === 'voyage_ai') return readVoyageUsage(block);
    const billed = isJson(block) ? block['billed_units'] : undefined;
    return billed === undefined ? read(block) : readCohereUsage({ billed_units: billed });
  },
  input: (body) => [body['input']],
};
