import { fromInclusive } from '../usage.ts';
import { invalid, readBlock, type BlockReading } from './block.ts';

/**
 * `usage` of OpenAI's responses API. https://platform.openai.com/docs/api-reference/responses/object
 *
 * `input_tokens` includes cached and written tokens, `output_tokens` includes reasoning. Built-in tools are not here: they
 * are counted from the items of `output`.
 *
 * @example readOpenAIResponsesUsage({ input_tokens: 75, output_tokens: 1186, output_tokens_details: { reasoning_tokens: 1024 } }).usage
 * // counts { input: 75, output: 162, reasoning: 1024 }
 */
export function readOpenAIResponsesUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    const input = fields.count('input_tokens');
    const output = fields.count('output_tokens');
    const total = fields.count('total_tokens');
    const inputDetails = fields.inner('input_tokens_details');
    const outputDetails = fields.inner('output_tokens_details');
    inputDetails.ignore('text_tokens');
    outputDetails.ignore('text_tokens');
    // Writes last 30 minutes unless twelve hours were asked for, which some models charge more for.
    // https://developers.openai.com/api/docs/models/gpt-6.2-sol
    const written = inputDetails.count('cache_write_tokens');
    const byTtl = inputDetails.inner('cache_write_tokens_details');
    const long = byTtl.count('ttl_12h_tokens') ?? 0;
    byTtl.ignore('ttl_30m_tokens');
    const totals = {
      input,
      output,
      cacheRead: inputDetails.count('cached_tokens'),
      cacheWrite: written === undefined ? undefined : written - long,
      cacheWrite12h: long,
      inputAudio: inputDetails.count('audio_tokens'),
      inputImage: inputDetails.count('image_tokens'),
      reasoning: outputDetails.count('reasoning_tokens'),
      outputAudio: outputDetails.count('audio_tokens'),
      outputImage: outputDetails.count('image_tokens'),
    };
    if (input === undefined) return invalid('input_tokens is missing');
    if (output === undefined) return invalid('output_tokens is missing');
    if (total !== undefined && total !== input + output)
      return invalid(`total_tokens (${total}) is not input_tokens (${input}) + output_tokens (${output})`);
    return { usage: fromInclusive(totals, 'reported') };
  });
}
