import { readMistralUsage } from '../../pricing/usage/blocks/index.ts';
import { isJson, textOf, type WireApi } from './api.ts';

/** Mistral's `POST /v1/ocr`: billed by the page. */
export const mistralOcr: WireApi = {
  name: 'mistral-ocr',
  operation: 'ocr',
  request: (body) => ({ model: textOf(body['model']), maxTokens: undefined, stream: false }),
  readBody(body, into) {
    into.model = textOf(body['model']);
    if (isJson(body['usage_info'])) into.block = body['usage_info'];
    into.complete = true;
  },
  readEvent: () => {},
  readUsage: readMistralUsage,
  input: () => [],
};
