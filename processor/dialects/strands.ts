import { text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { vendorAndModel } from './vendor.ts';

/**
 * Strands Agents and Bedrock AgentCore: `chat` below `execute_event_loop_cycle` below `invoke_agent`, the last with the
 * sum. The provider is given as `strands-agents`. Bedrock's raw counts left the cache out until August 2026, so without a
 * total to check it the basis stays assumed.
 */
export const strands: Dialect = {
  name: 'strands',
  scopes: /^strands\.|^opentelemetry\.instrumentation\.strands|^strands-agents$/,
  keys: ['event_loop.cycle_id'],
  read(span) {
    const { attributes } = span;
    const operation = text(attributes, 'gen_ai.operation.name');
    return conventionalCall(span, {
      dialect: strands.name,
      operation,
      // Cycles and agents: everything that is not the call itself.
      kind: operation === 'chat' ? 'call' : 'aggregate',
      call: vendorAndModel(
        text(attributes, 'gen_ai.provider.name', 'gen_ai.system'),
        text(attributes, 'gen_ai.response.model', 'gen_ai.request.model'),
      ),
    });
  },
};
