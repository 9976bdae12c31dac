import { servedTier } from '../tier.ts';
import { fromDisjoint } from '../usage.ts';
import { invalid, isObject, readBlock, type BlockReading, type Fields } from './block.ts';

/**
 * `usage` of Bedrock's Converse and ConverseStream, and `amazon-bedrock-invocationMetrics` of InvokeModel.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
 *
 * `inputTokens` excludes cache reads and writes; writes come with their time to live in newer versions.
 *
 * @example readBedrockUsage({ inputTokens: 10, outputTokens: 5, totalTokens: 115, cacheReadInputTokens: 100 }).usage
 * // counts { input: 10, cache_read: 100, output: 5 }
 */
export function readBedrockUsage(block: unknown): BlockReading {
  return readBlock(fromHeaders(block), (fields) => {
    const input = either(fields, 'inputTokens', 'inputTokenCount');
    const output = either(fields, 'outputTokens', 'outputTokenCount');
    const cacheRead = either(fields, 'cacheReadInputTokens', 'cacheReadInputTokenCount') ?? 0;
    const written = either(fields, 'cacheWriteInputTokens', 'cacheWriteInputTokenCount') ?? 0;
    fields.ignore('totalTokens', 'invocationLatency', 'firstByteLatency', 'serverToolUsage');
    const byTtl = { '5m': 0, '1h': 0 };
    for (const detail of fields.list('cacheDetails')) {
      const ttl = detail.text('ttl');
      const count = detail.count('inputTokens') ?? 0;
      if (ttl === '5m' || ttl === '1h') byTtl[ttl] += count;
      else if (count > 0) return invalid(`cacheDetails has ${count} tokens with ttl ${JSON.stringify(ttl)}`);
    }
    const tier = servedTier(fields.text('serviceTier'));
    if (input === undefined) return invalid('inputTokens is missing');
    const known = byTtl['5m'] + byTtl['1h'];
    if (known > written) return invalid(`cacheDetails (${known}) exceed cacheWriteInputTokens (${written})`);
    const counts = {
      input,
      cache_read: cacheRead,
      cache_write_5m: byTtl['5m'],
      cache_write_1h: byTtl['1h'],
      cache_write: written - known,
      // Embedding models answer with input only.
      output: output ?? 0,
    };
    return { usage: fromDisjoint(counts, 'reported'), ...(tier === undefined ? {} : { tier }) };
  });
}

/** The same count under its two names; answers may have both. */
function either(fields: Fields, name: string, other: string): number | undefined {
  const [first, second] = [fields.count(name), fields.count(other)];
  return first ?? second;
}

/** InvokeModel says its usage in headers: `x-amzn-bedrock-cache-read-input-token-count: 128`. */
function fromHeaders(block: unknown): unknown {
  if (!isObject(block) || !Object.keys(block).some((key) => key.startsWith(PREFIX))) return block;
  const camel = (key: string): string =>
    key.slice(PREFIX.length).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const headers = Object.entries(block).filter(([key]) => key.startsWith(PREFIX));
  return Object.fromEntries(
    headers.map(([key, value]) => [camel(key), typeof value === 'string' ? Number(value) : value]),
  );
}

const PREFIX = 'x-amzn-bedrock-';
