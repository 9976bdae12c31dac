import { servedTier } from '../tier.ts';
import { fromDisjoint, type Usage } from '../usage.ts';
import { invalid, readBlock, type BlockReading, type Fields } from './block.ts';

/**
 * `usage` of Anthropic's messages API. https://docs.anthropic.com/en/api/messages#response-usage
 *
 * `input_tokens` excludes cache reads and writes; `output_tokens` includes thinking. `iterations` repeats the top-level
 * totals, except that compaction (the summary of a long context) is billed and stands in no total.
 *
 * @example readAnthropicMessagesUsage({ input_tokens: 1000, cache_read_input_tokens: 20_000, output_tokens: 500 }).usage
 * // counts { input: 1000, cache_read: 20000, output: 500 }
 */
export function readAnthropicMessagesUsage(block: unknown): BlockReading {
  return readBlock(block, (fields) => {
    const parts: (Tokens | string)[] = [readTokens(fields)];
    for (const iteration of fields.list('iterations')) {
      const type = iteration.text('type');
      const tokens = readTokens(iteration);
      if (type === 'compaction') parts.push(tokens);
    }
    const tools = fields.inner('server_tool_use');
    // Fetching a page has no fee of its own; its text is billed as input tokens.
    tools.ignore('web_fetch_requests');
    const counts: Record<string, number> = {
      web_search: tools.count('web_search_requests') ?? 0,
      code_session: tools.count('code_execution_requests') ?? 0,
    };
    const tier = servedSpeed(fields.text('speed'), fields.text('service_tier'));
    const geo = fields.text('inference_geo');
    for (const part of parts) {
      if (typeof part === 'string') return invalid(part);
      for (const [unit, count] of Object.entries(part)) counts[unit] = (counts[unit] ?? 0) + count;
    }
    const usage: Usage = fromDisjoint(counts, 'reported');
    return {
      usage,
      ...(tier === undefined ? {} : { tier }),
      ...(geo === undefined || geo === 'not_available' ? {} : { region: geo }),
    };
  });
}

type Tokens = Readonly<Record<string, number>>;

function readTokens(fields: Fields): Tokens | string {
  const input = fields.count('input_tokens');
  const output = fields.count('output_tokens');
  const written = fields.count('cache_creation_input_tokens');
  const cacheRead = fields.count('cache_read_input_tokens') ?? 0;
  const byTtl = fields.inner('cache_creation');
  const fiveMinutes = byTtl.count('ephemeral_5m_input_tokens') ?? 0;
  const oneHour = byTtl.count('ephemeral_1h_input_tokens') ?? 0;
  const thinking = fields.inner('output_tokens_details').count('thinking_tokens') ?? 0;
  if (input === undefined) return 'input_tokens is missing';
  if (output === undefined) return 'output_tokens is missing';
  if (thinking > output) return `thinking_tokens (${thinking}) exceed output_tokens (${output})`;
  if (written !== undefined && fiveMinutes + oneHour > written)
    return `ephemeral_5m_input_tokens (${fiveMinutes}) + ephemeral_1h_input_tokens (${oneHour}) exceed cache_creation_input_tokens (${written})`;
  return {
    input,
    cache_read: cacheRead,
    cache_write_5m: fiveMinutes,
    cache_write_1h: oneHour,
    cache_write: written === undefined ? 0 : written - fiveMinutes - oneHour,
    output: output - thinking,
    reasoning: thinking,
  };
}

/**
 * Fast mode is sold at a premium whatever the tier says, so it decides. Anthropic's own "priority" is not a dearer list
 * price but capacity bought in advance.
 */
function servedSpeed(speed: string | undefined, tier: string | undefined): BlockReading['tier'] {
  if (speed === 'fast') return 'priority';
  return tier === 'priority' ? 'provisioned' : servedTier(tier);
}
