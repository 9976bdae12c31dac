import { fromDisjoint, fromInclusive } from '../usage.ts';
import { invalid, readBlock, type BlockReading, type Fields } from './block.ts';

/**
 * `usage` of OpenAI's transcriptions and of its realtime API (`response.done`).
 * https://platform.openai.com/docs/api-reference/audio/json-object
 * https://platform.openai.com/docs/api-reference/realtime-server-events/response/done
 *
 * Older transcription models bill the duration ("rounded to the nearest second", https://openai.com/api/pricing/), newer
 * ones tokens, of which audio has its own rate, cached audio too.
 *
 * @example readOpenAIAudioUsage({ type: 'duration', seconds: 9 }).usage // counts { audio_second: 9 }
 */
export function readOpenAIAudioUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    if (fields.text('type') === 'duration' || fields.has('seconds')) return readDuration(fields.raw('seconds'));
    return readTokens(fields);
  });
}

function readDuration(seconds: unknown): BlockReading {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0)
    return invalid(`seconds is ${JSON.stringify(seconds)}, not a duration`);
  return { usage: fromDisjoint({ audio_second: Math.round(seconds) }, 'reported') };
}

function readTokens(fields: Fields): BlockReading {
  const input = fields.count('input_tokens');
  const output = fields.count('output_tokens');
  const total = fields.count('total_tokens');
  const inputDetails = fields.inner('input_token_details');
  const cached = inputDetails.inner('cached_tokens_details');
  const outputDetails = fields.inner('output_token_details');
  for (const details of [inputDetails, cached, outputDetails]) details.ignore('text_tokens');
  const totals = {
    input,
    output,
    inputAudio: inputDetails.count('audio_tokens'),
    inputImage: inputDetails.count('image_tokens'),
    cacheRead: inputDetails.count('cached_tokens'),
    cacheReadAudio: cached.count('audio_tokens'),
    cacheReadImage: cached.count('image_tokens'),
    outputAudio: outputDetails.count('audio_tokens'),
  };
  if (input === undefined) return invalid('input_tokens is missing');
  if (output === undefined) return invalid('output_tokens is missing');
  if (total !== undefined && total !== input + output)
    return invalid(`total_tokens (${total}) is not input_tokens (${input}) + output_tokens (${output})`);
  return { usage: fromInclusive(totals, 'reported') };
}
