import { readVoyageUsage, withGatewayCost } from '../../pricing/usage/blocks/index.ts';
import { isJson, textOf, type WireApi } from './api.ts';

/** `POST /rerank` of Voyage and of hosts that speak the same: billed by the token. */
export const rerank: WireApi = {
  name: 'rerank',
  operation: 'rerank',
  request: (body) => ({ model: textOf(body['model']), maxTokens: undefined, stream: false }),
  readBody(body, into) {
    into.id = textOf(body['id']);
    into.model = textOf(body['model']);
    if (isJson(body['usage'])) into.block = body['usage'];
    into.complete = true;
  },
  readEvent: () => {},
  readUsage: withGatewayCost(readVoyageUsage),
  input: (body) => [body['query'], body['documents']],
};
