import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

const tags = tagKeys({ json: ['metadata'], names: { feature: ['agent_name'] } });

/**
 * Pydantic AI: a `chat` span for each request. Its agent spans carry the sum as `gen_ai.aggregated_usage.*`, which is not
 * read; with `use_aggregated_usage_attribute_names=False` they repeat `gen_ai.usage.*` and are aggregates. `operation.cost`
 * is an estimate with its own price list, on the agent span a sum of them.
 */
export const pydanticAi: Dialect = {
  name: 'pydantic-ai',
  scopes: /^pydantic-ai$/,
  keys: ['gen_ai.aggregated_usage.input_tokens', 'gen_ai.agent.call.id', 'model_request_parameters'],
  read: (span) => conventionalCall(span, { dialect: pydanticAi.name, tags }),
};
