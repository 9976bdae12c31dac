/**
 * The tier as served, not as asked for.
 * - `provisioned` is capacity bought in advance (OpenAI's scale tier, Anthropic's priority tier, Vertex's provisioned
 *   throughput): no list has a price for its tokens, only a contract does
 * - `unlisted` is a tier that was served under a name not known here: pricing it as standard would be a guess
 */
export const serviceTiers = ['standard', 'batch', 'flex', 'priority', 'ultrafast', 'provisioned', 'unlisted'] as const;
export type ServiceTier = (typeof serviceTiers)[number];

/**
 * The tier by a provider's own word for it. `fast` is the newer name of OpenAI's priority processing, and `speed: fast` is
 * what Anthropic calls its premium; Bedrock and Vertex write in capitals. Undefined where the word names no tier that was
 * served: `auto` is a wish, not an answer.
 *
 * @example servedTier('default') // 'standard'
 */
export function servedTier(word: string | undefined): ServiceTier | undefined {
  const folded = word?.trim().toLowerCase() ?? '';
  return noAnswer.has(folded) ? undefined : (words.get(folded) ?? 'unlisted');
}

const noAnswer = new Set(['', 'auto', 'none', 'not_available', 'unspecified', 'traffic_type_unspecified']);

const words = new Map<string, ServiceTier>([
  ['standard', 'standard'],
  ['default', 'standard'],
  ['on_demand', 'standard'],
  ['on-demand', 'standard'],
  ['batch', 'batch'],
  ['flex', 'flex'],
  ['on_demand_flex', 'flex'],
  ['priority', 'priority'],
  ['on_demand_priority', 'priority'],
  ['fast', 'priority'],
  ['ultrafast', 'ultrafast'],
  ['provisioned', 'provisioned'],
  ['provisioned_throughput', 'provisioned'],
  ['reserved', 'provisioned'],
  ['scale', 'provisioned'],
]);
