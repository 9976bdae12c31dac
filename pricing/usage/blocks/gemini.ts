import { servedTier } from '../tier.ts';
import { fromInclusive } from '../usage.ts';
import { camelKeys, invalid, readBlock, type BlockReading, type Fields } from './block.ts';

/**
 * `usageMetadata` of the Gemini API and of Gemini on Vertex AI, in either spelling of its keys.
 * https://ai.google.dev/api/generate-content#UsageMetadata
 *
 * `promptTokenCount` includes the cached content; thoughts stand outside `candidatesTokenCount` and the prompt of tools
 * outside `promptTokenCount`: both are added. `trafficType` says what was served.
 *
 * @example readGeminiUsage({ promptTokenCount: 100, candidatesTokenCount: 20, thoughtsTokenCount: 50, totalTokenCount: 170 }).usage
 * // counts { input: 100, output: 20, reasoning: 50 }
 */
export function readGeminiUsage(block: unknown): BlockReading {
  return readBlock(camelKeys(block), (fields) => {
    const sentTokens = fields.count('promptTokenCount');
    const prompt = sentTokens ?? 0;
    // The live API says "response" where the others say "candidates".
    const candidates = fields.count('candidatesTokenCount') ?? fields.count('responseTokenCount') ?? 0;
    const tools = fields.count('toolUsePromptTokenCount') ?? 0;
    const thoughts = fields.count('thoughtsTokenCount') ?? 0;
    const total = fields.count('totalTokenCount');
    // Embeddings drop an "s".
    const sent = modalities(fields, 'promptTokensDetails', 'promptTokenDetails');
    const used = modalities(fields, 'toolUsePromptTokensDetails');
    const cached = modalities(fields, 'cacheTokensDetails');
    const made = modalities(fields, 'candidatesTokensDetails', 'responseTokensDetails');
    const tier = servedTier(fields.text('trafficType')) ?? servedTier(fields.text('serviceTier'));
    const sum = prompt + candidates + tools + thoughts;
    const cacheRead = fields.count('cachedContentTokenCount');
    if (total === undefined && sum === 0) return { usage: { status: 'missing' } };
    if (sentTokens === undefined && sum > 0) return invalid('promptTokenCount is missing');
    if (total !== undefined && total !== sum)
      return invalid(
        `totalTokenCount (${total}) is not prompt (${prompt}) + tool use (${tools}) + candidates (${candidates}) + thoughts (${thoughts})`,
      );
    const usage = fromInclusive(
      {
        input: prompt + tools,
        output: candidates + thoughts,
        cacheRead,
        inputAudio: sent.audio + used.audio,
        inputImage: sent.image + used.image,
        inputVideo: sent.video + used.video,
        cacheReadAudio: cached.audio,
        cacheReadImage: cached.image,
        cacheReadVideo: cached.video,
        reasoning: thoughts,
        outputAudio: made.audio,
        outputImage: made.image,
        outputVideo: made.video,
      },
      'reported',
    );
    return { usage, ...(tier === undefined ? {} : { tier }) };
  });
}

interface Modalities {
  audio: number;
  image: number;
  video: number;
}

function modalities(fields: Fields, ...keys: string[]): Modalities {
  const sums: Modalities = { audio: 0, image: 0, video: 0 };
  for (const item of keys.flatMap((key) => fields.list(key))) {
    const count = item.count('tokenCount') ?? 0;
    const modality = item.text('modality')?.toLowerCase();
    if (modality === 'audio' || modality === 'image' || modality === 'video') sums[modality] += count;
    // Pages of documents are read as images. https://ai.google.dev/gemini-api/docs/document-processing
    else if (modality === 'document') sums.image += count;
  }
  return sums;
}
