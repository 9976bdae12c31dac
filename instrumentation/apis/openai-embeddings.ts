import { readCohereUsage, readOpenAIEmbeddingsUsage, withGatewayCost } from '../../pricing/usage/blocks/index.ts';
import { isJson, textOf, type WireApi } from './api.ts';

/** `POST /embeddings`. */
export const openaiEmbeddings: WireApi = {
  name: 'openai-embeddings',
  operation: 'embeddings',
  request: (body) => ({ model: textOf(body['model']), maxTokens: undefined, stream: false }),
  readBody(body, into) {
    into.model = textOf(body['model']);
    if (isJson(body['usage'])) into.block = body['usage'];
    into.complete = true;
  },
  readEvent: () => {},
  readUsage: (block) =>
    isJson(block) && 'billed_units' in block
      ? readCohereUsage({ billed_units: block['billed_units'] })
      : withGatewayCost(readOpenAIEmbeddingsUsage)(block),
  input: (body) => [body['input']],
};
