import { fromInclusive } from '../usage.ts';
import { invalid, readBlock, type BlockReading, type Fields } from './block.ts';

/**
 * `usage` of OpenAI's chat completions and of the many hosts that speak the same dialect.
 * https://platform.openai.com/docs/api-reference/chat/object
 *
 * `prompt_tokens` includes cached, written, audio and image tokens; `completion_tokens` includes rejected predictions, and
 * reasoning too at OpenAI. Some hosts leave reasoning out of it and only add it to `total_tokens`: the total decides.
 *
 * @example readOpenAIChatUsage({ prompt_tokens: 1250, completion_tokens: 340, total_tokens: 1590 }).usage
 * // { status: 'known', counts: { input: 1250, output: 340 }, basis: 'reported' }
 */
export function readOpenAIChatUsage(block: unknown): BlockReading {
  return readBlock(block, readChatFields);
}

/** The same for a reader that has taken a host's own extra fields already. */
export function readChatFields(fields: Fields): BlockReading {
  const input = fields.count('prompt_tokens');
  const output = fields.count('completion_tokens');
  const total = fields.count('total_tokens');
  const inputDetails = fields.inner('prompt_tokens_details');
  const outputDetails = fields.inner('completion_tokens_details');
  inputDetails.ignore('text_tokens');
  outputDetails.ignore('text_tokens', 'accepted_prediction_tokens', 'rejected_prediction_tokens');
  const cached = inputDetails.inner('cached_tokens_details');
  cached.ignore('text_tokens');
  const reasoning = outputDetails.count('reasoning_tokens') ?? 0;
  const totals = {
    input,
    cacheRead: inputDetails.count('cached_tokens'),
    cacheReadAudio: cached.count('audio_tokens'),
    cacheReadImage: cached.count('image_tokens'),
    cacheWrite: inputDetails.count('cache_write_tokens'),
    inputAudio: inputDetails.count('audio_tokens'),
    inputImage: inputDetails.count('image_tokens'),
    reasoning,
    outputAudio: outputDetails.count('audio_tokens'),
    outputImage: outputDetails.count('image_tokens'),
  };
  if (input === undefined) return invalid('prompt_tokens is missing');
  if (output === undefined) return invalid('completion_tokens is missing');
  if (total === undefined || total === input + output)
    return { usage: fromInclusive({ ...totals, output }, 'reported') };
  if (total === input + output + reasoning)
    return { usage: fromInclusive({ ...totals, output: output + reasoning }, 'reported') };
  return invalid(
    `total_tokens (${total}) is not prompt_tokens (${input}) + completion_tokens (${output}), with or without reasoning_tokens (${reasoning})`,
  );
}
