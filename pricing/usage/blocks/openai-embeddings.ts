import { fromInclusive } from '../usage.ts';
import { invalid, readBlock, type BlockReading } from './block.ts';

/**
 * `usage` of embeddings in OpenAI's shape: input only. https://platform.openai.com/docs/api-reference/embeddings/object
 *
 * @example readOpenAIEmbeddingsUsage({ prompt_tokens: 8, total_tokens: 8 }).usage // counts { input: 8 }
 */
export function readOpenAIEmbeddingsUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    const input = fields.count('prompt_tokens');
    const total = fields.count('total_tokens');
    const details = fields.inner('prompt_tokens_details');
    details.ignore('text_tokens');
    const parts = { inputAudio: details.count('audio_tokens'), inputImage: details.count('image_tokens') };
    // Hosts that reuse their chat block write an output of zero.
    const output = fields.count('completion_tokens') ?? 0;
    if (input === undefined) return invalid('prompt_tokens is missing');
    if (total !== undefined && total !== input + output)
      return invalid(`total_tokens (${total}) is not prompt_tokens (${input}) + completion_tokens (${output})`);
    return { usage: fromInclusive({ input, output, ...parts }, 'reported') };
  });
}
