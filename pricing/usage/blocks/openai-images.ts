import { fromInclusive } from '../usage.ts';
import { invalid, readBlock, type BlockReading } from './block.ts';

/**
 * `usage` of OpenAI's images API. https://platform.openai.com/docs/api-reference/images/object
 *
 * Text and image input have their own rates. Where the output is not split it is all image.
 *
 * @example readOpenAIImagesUsage({ input_tokens: 50, input_tokens_details: { text_tokens: 10, image_tokens: 40 }, output_tokens: 50 }).usage
 * // counts { input: 10, input_image: 40, output_image: 50 }
 */
export function readOpenAIImagesUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    const input = fields.count('input_tokens');
    const output = fields.count('output_tokens');
    const total = fields.count('total_tokens');
    const inputDetails = fields.inner('input_tokens_details');
    const split = fields.has('output_tokens_details');
    const outputDetails = fields.inner('output_tokens_details');
    inputDetails.ignore('text_tokens');
    outputDetails.ignore('text_tokens');
    const totals = {
      input,
      output,
      inputImage: inputDetails.count('image_tokens'),
      cacheRead: inputDetails.count('cached_tokens'),
      outputImage: split ? outputDetails.count('image_tokens') : output,
    };
    if (input === undefined) return invalid('input_tokens is missing');
    if (output === undefined) return invalid('output_tokens is missing');
    if (total !== undefined && total !== input + output)
      return invalid(`total_tokens (${total}) is not input_tokens (${input}) + output_tokens (${output})`);
    return { usage: fromInclusive(totals, 'reported') };
  });
}
