import { providerName } from '../../pricing/model-id.ts';
import { readUsageBlock } from '../../pricing/usage/blocks/index.ts';
import { count, json, text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { AttributeMap } from '../otlp/request.ts';
import type { Dialect } from './dialect.ts';

/**
 * Logfire's own instrumentations (`logfire.openai`, `logfire.anthropic`, `logfire.openai_agents`, …). `gen_ai.usage.raw`
 * is the provider's own block, and better evidence than the counts made of it. The spans of the OpenAI Agents SDK hold the
 * usage of a turn and of a task again, as JSON beside no model: those are not calls.
 */
export const logfire: Dialect = {
  name: 'logfire',
  scopes: /^logfire\./,
  keys: ['gen_ai.usage.raw'],
  read(span) {
    const { attributes } = span;
    const provider = text(attributes, 'gen_ai.provider.name', 'gen_ai.system');
    const raw = json(attributes, 'gen_ai.usage.raw');
    const reading = raw && readUsageBlock(provider === undefined ? undefined : providerName(provider), raw);
    // Of a stream there are two: the request, and `streaming response` once it is over, which has the usage.
    if (raw === undefined && isStreamRequest(attributes)) return null;
    const known = reading?.usage.status === 'known' ? reading : undefined;
    return conventionalCall(span, {
      dialect: logfire.name,
      ...(known === undefined ? {} : { usage: known.usage }),
      call: {
        responseId: text(attributes, 'gen_ai.response.id', 'response_id'),
        ...(known?.tier === undefined ? {} : { tier: known.tier }),
        ...(known?.reportedCost === undefined ? {} : { reportedCost: known.reportedCost }),
      },
    });
  },
};

function isStreamRequest(attributes: AttributeMap): boolean {
  const counted = count(attributes, 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens') !== undefined;
  return (
    !counted && text(attributes, 'error.type') === undefined && json(attributes, 'request_data')?.['stream'] === true
  );
}
