import { servedTier } from '../../pricing/usage/tier.ts';
import { text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';

/**
 * Spans that Anthropic's own client libraries make once a tracer provider is registered (@anthropic-ai/sdk 0.134 and
 * later): the newest convention, input with the cache, writes by their time to live, the tier as served.
 */
export const anthropicSdk: Dialect = {
  name: 'anthropic-sdk',
  scopes: /^com\.anthropic\.sdk\./,
  keys: [],
  read(span) {
    if (!span.scope.name.startsWith('com.anthropic.sdk.')) return undefined;
    const tier = servedTier(text(span.attributes, 'anthropic.response.service_tier'));
    return conventionalCall(span, {
      dialect: anthropicSdk.name,
      call: {
        provider: text(span.attributes, 'gen_ai.provider.name') ?? 'anthropic',
        ...(tier === undefined ? {} : { tier }),
      },
    });
  },
};
