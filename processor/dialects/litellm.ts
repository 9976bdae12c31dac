import { count, json, text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import { readCounts } from './counts.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

/**
 * Only what the proxy knows of the key that was used. `metadata.team_id` and the like come from the caller, who could put
 * the cost on somebody else.
 */
const tags = tagKeys({
  names: {
    customer_id: ['metadata.user_api_key_end_user_id', 'litellm.end_user.id'],
    team: [
      'metadata.user_api_key_team_alias',
      'metadata.user_api_key_team_id',
      'litellm.team.alias',
      'litellm.team.id',
    ],
    user_id: ['metadata.user_api_key_user_id', 'litellm.user.id'],
    workspace_id: ['metadata.user_api_key_org_id', 'litellm.organization.id'],
  },
});

/** Spans of the proxy that hold others, and whose usage repeats theirs. */
const holders: ReadonlySet<string> = new Set(['Received Proxy Server Request', 'proxy_pre_call', 'raw_gen_ai_request']);

/**
 * LiteLLM's proxy and library, 1 (`gen_ai.cost.*`, `metadata.*`) and 2 (`litellm.*`). Costs on its spans come from its own
 * price map. The model is the deployment that was asked: `gen_ai.response.model` may be an alias.
 */
export const litellm: Dialect = {
  name: 'litellm',
  scopes: /^litellm/,
  keys: [
    'gen_ai.cost.total_cost',
    'litellm.cost.total',
    'litellm.provider.model',
    'litellm.call_id',
    'metadata.user_api_key_hash',
    'metadata.user_api_key_team_id',
    'litellm.team.id',
  ],
  read(span) {
    const { attributes } = span;
    const usage = json(attributes, 'metadata.usage_object');
    const details = (name: string, key: string): number | undefined => {
      const group = usage?.[name];
      const value = typeof group === 'object' && group !== null ? (group as Record<string, unknown>)[key] : undefined;
      return typeof value === 'number' ? value : undefined;
    };
    const counts = readCounts(attributes);
    const isReplay = isTrue(attributes.get('metadata.cache_hit')) || isTrue(attributes.get('litellm.cache_hit'));
    return conventionalCall(span, {
      dialect: litellm.name,
      ...(holders.has(span.name) ? { kind: 'aggregate' as const } : {}),
      // An answer out of LiteLLM's own cache repeats the usage of the call that made it, and nobody bills it again.
      ...(isReplay ? { usage: { status: 'known' as const, counts: {}, basis: 'reported' as const } } : {}),
      counts: {
        ...counts,
        cacheRead: counts.cacheRead ?? details('prompt_tokens_details', 'cached_tokens'),
        cacheWrite: counts.cacheWrite ?? details('prompt_tokens_details', 'cache_creation_tokens'),
        reasoning: counts.reasoning ?? details('completion_tokens_details', 'reasoning_tokens'),
        total: counts.total ?? count(attributes, 'llm.usage.total_tokens'),
      },
      tags,
      call: {
        model: text(attributes, 'litellm.provider.model', 'gen_ai.request.model', 'gen_ai.response.model'),
        provider: text(attributes, 'gen_ai.provider.name', 'gen_ai.system', 'litellm.provider'),
      },
    });
  },
};

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}
