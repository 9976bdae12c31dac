import { readGeminiUsage } from '../../pricing/usage/blocks/index.ts';
import { inner, json, text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import { readCounts } from './counts.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';
import { vendor } from './vendor.ts';

const tags = tagKeys({ names: { session_id: ['gcp.vertex.agent.session_id'] } });

/**
 * Google's Agent Development Kit: `call_llm` with the answer as JSON, whose `usage_metadata` is the provider's own block:
 * cached tokens and thoughts stand only there in versions before 2.3. The provider is given as `gcp.vertex.agent`.
 */
export const googleAdk: Dialect = {
  name: 'google-adk',
  scopes: /^gcp\.vertex\.agent$/,
  keys: ['gcp.vertex.agent.llm_response', 'gcp.vertex.agent.event_id', 'gcp.vertex.agent.session_id'],
  read(span) {
    const { attributes } = span;
    const operation = text(attributes, 'gen_ai.operation.name');
    const reading = readGeminiUsage(inner(json(attributes, 'gcp.vertex.agent.llm_response'), 'usage_metadata'));
    const { input, output } = readCounts(attributes);
    const isCall = operation === 'generate_content' || span.name === 'call_llm' || operation === 'call_llm';
    return conventionalCall(span, {
      dialect: googleAdk.name,
      operation: operation ?? (isCall ? 'generate_content' : undefined),
      ...(reading.usage.status === 'known' ? { usage: reading.usage } : {}),
      counts: { ...readCounts(attributes), input, output },
      tags,
      call: {
        provider: vendor(text(attributes, 'gen_ai.provider.name', 'gen_ai.system')) ?? 'gcp.vertex_ai',
        ...(reading.tier === undefined ? {} : { tier: reading.tier }),
      },
    });
  },
};
