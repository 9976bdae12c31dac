import type { Dialect } from './dialect.ts';
import { count, text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import { readCounts, type TokenCounts } from './counts.ts';
import type { AttributeMap } from '../otlp/request.ts';
import { tagKeys } from './tags.ts';

export const codexTags = tagKeys({ names: { user_id: ['user.account_id'], session_id: ['conversation.id'] } });

/**
 * Codex' spans. `handle_responses` is one answer of the model; `session_task.turn` and the loops around it carry the sum of
 * a turn, under `codex.turn.token_usage.*` or the convention's names.
 */
export const codex: Dialect = {
  name: 'codex',
  scopes: /^codex(_|-|$)/,
  keys: [
    'codex.turn.token_usage.input_tokens',
    'codex.turn.token_usage.total_tokens',
    'codex.usage.reasoning_output_tokens',
  ],
  read(span) {
    const { attributes, name } = span;
    if (!/^codex(_|-|$)/.test(span.scope.name)) return undefined;
    const isCall = name === 'handle_responses' || name === 'stream_request';
    return conventionalCall(span, {
      dialect: codex.name,
      operation: text(attributes, 'gen_ai.operation.name') ?? (isCall ? 'chat' : 'invoke_agent'),
      kind: isCall ? 'call' : 'aggregate',
      counts: { ...readCounts(attributes), ...turnCounts(attributes) },
      tags: codexTags,
      call: {
        provider: text(attributes, 'gen_ai.provider.name', 'gen_ai.system') ?? 'openai',
        model: text(attributes, 'gen_ai.response.model', 'gen_ai.request.model', 'model', 'slug'),
      },
    });
  },
};

const TURN = 'codex.turn.token_usage.';

function turnCounts(attributes: AttributeMap): TokenCounts {
  const counts: TokenCounts = {
    input: count(attributes, `${TURN}input_tokens`),
    output: count(attributes, `${TURN}output_tokens`),
    total: count(attributes, `${TURN}total_tokens`),
    cacheRead: count(attributes, `${TURN}cached_input_tokens`),
    cacheWrite: count(attributes, `${TURN}cache_write_input_tokens`),
    reasoning: count(attributes, `${TURN}reasoning_output_tokens`, 'codex.usage.reasoning_output_tokens'),
  };
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== undefined));
}
