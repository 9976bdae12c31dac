import type { FemtoUsd } from '../../pricing/money.ts';
import type { AttributeMap } from '../otlp/request.ts';
import { text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import { countKeys } from './counts.ts';
import type { Dialect } from './dialect.ts';
import { usd } from './reported-cost.ts';

/**
 * OpenTelemetry's GenAI conventions, from the names before 1.36 (`gen_ai.system`, `prompt_tokens`) to the newest
 * (`cache_write.input_tokens`), in whatever mixture an emitter writes them.
 */
export const otelGenai: Dialect = {
  name: 'otel-genai',
  keys: [
    'gen_ai.operation.name',
    'gen_ai.provider.name',
    'gen_ai.system',
    'gen_ai.request.model',
    'gen_ai.response.model',
    ...countKeys,
  ],
  read(span) {
    const reportedCost = proposedCost(span.attributes);
    return conventionalCall(span, {
      dialect: otelGenai.name,
      ...(reportedCost === undefined ? {} : { call: { reportedCost } }),
    });
  },
};

/**
 * The names of the open proposal (open-telemetry/semantic-conventions-genai, pull request 443), for cost that the provider
 * said itself: `source` is then `provider`. `local` is an estimate of the instrumentation, and ours is as good.
 */
function proposedCost(attributes: AttributeMap): FemtoUsd | undefined {
  if (text(attributes, 'gen_ai.usage.cost.source') !== 'provider') return undefined;
  if (text(attributes, 'gen_ai.usage.cost.currency') !== 'USD') return undefined;
  return usd(attributes.get('gen_ai.usage.cost.amount'));
}
