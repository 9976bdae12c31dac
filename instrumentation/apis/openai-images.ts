import { readOpenAIImagesUsage } from '../../pricing/usage/blocks/index.ts';
import { isJson, listOf, textOf, type AnswerFacts, type Json, type WireApi } from './api.ts';

/** `POST /images/generations`, `/images/edits`, `/images/variations`. */
export const openaiImages: WireApi = {
  name: 'openai-images',
  operation: 'image_generation',
  request: (body) => ({
    model: textOf(body['model']),
    maxTokens: undefined,
    stream: body['stream'] === true || body['stream'] === 'true',
  }),
  readBody(body, into) {
    readUsage(body, into);
    into.model = textOf(body['model']);
    // Models without tokens are billed by the picture.
    const pictures = listOf(body['data']).length;
    if (into.block === undefined && pictures > 0) into.extra = { image: pictures };
    into.complete = true;
  },
  readEvent(event, into) {
    readUsage(event, into);
    if (String(event['type']).endsWith('.completed')) into.complete = true;
  },
  readUsage: readOpenAIImagesUsage,
  input: (body) => [body['prompt']],
};

function readUsage(from: Json, into: AnswerFacts): void {
  const { usage } = from;
  if (isJson(usage) && usage['input_tokens'] !== undefined) into.block = usage;
}
