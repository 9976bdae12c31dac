import { fromDisjoint } from '../usage.ts';
import { camelKeys, readBlock, type BlockReading, type Fields } from './block.ts';

/**
 * `usage` (v2) or `meta` (v1) of Cohere's chat, embed and rerank; or `billed_units` alone, in either spelling.
 * https://docs.cohere.com/reference/chat#response
 *
 * The billed units are the bill; `tokens` counts what the model saw and is not.
 *
 * @example readCohereUsage({ billed_units: { search_units: 1 } }).usage // counts { search_unit: 1 }
 */
export function readCohereUsage(block: unknown): BlockReading {
  return readBlock(camelKeys(block), (fields) => {
    if (!fields.has('billedUnits')) return readBilled(fields);
    fields.ignore('tokens', 'cachedTokens', 'apiVersion', 'warnings');
    return readBilled(fields.inner('billedUnits'));
  });
}

function readBilled(billed: Fields): BlockReading {
  const imageTokens = billed.count('imageTokens') ?? 0;
  const images = billed.count('images') ?? 0;
  const counts = {
    input: billed.count('inputTokens') ?? 0,
    input_image: imageTokens,
    // Images are billed by their tokens where those are given.
    image: imageTokens > 0 ? 0 : images,
    output: billed.count('outputTokens') ?? 0,
    search_unit: billed.count('searchUnits') ?? 0,
    page: billed.count('pages') ?? 0,
  };
  return { usage: fromDisjoint(counts, 'reported') };
}
