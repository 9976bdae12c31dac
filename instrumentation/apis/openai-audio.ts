import { readMistralUsage, readOpenAIAudioUsage, withGatewayCost } from '../../pricing/usage/blocks/index.ts';
import { stringOf, isJson, textOf, type WireApi } from './api.ts';

const read = withGatewayCost(readOpenAIAudioUsage);

/** `POST /audio/transcriptions` and `/audio/translations`. */
export const openaiTranscriptions: WireApi = {
  name: 'openai-transcriptions',
  operation: 'transcription',
  request: (body) => ({
    model: textOf(body['model']),
    maxTokens: undefined,
    stream: body['stream'] === true || body['stream'] === 'true',
  }),
  readBody(body, into) {
    if (isJson(body['usage'])) into.block = body['usage'];
    into.complete = true;
  },
  readEvent(event, into) {
    into.text += stringOf(event['delta']);
    if (isJson(event['usage'])) into.block = event['usage'];
    if (event['type'] === 'transcript.text.done') into.complete = true;
  },
  readUsage: (block, provider) => (provider === 'mistral_ai' ? readMistralUsage(block) : read(block)),
  // Sound, whose tokens nobody can guess.
  input: () => [],
};

/** `POST /audio/speech`: billed by the characters of the request; the answer is sound. */
export const openaiSpeech: WireApi = {
  name: 'openai-speech',
  operation: 'speech',
  binary: true,
  request: (body) => ({
    model: textOf(body['model']),
    maxTokens: undefined,
    stream: false,
    ...(typeof body['input'] === 'string' ? { extra: { character: Array.from(body['input']).length } } : {}),
  }),
  readBody: () => {},
  readEvent: () => {},
  readUsage: () => ({ usage: { status: 'missing' } }),
  input: () => [],
};
