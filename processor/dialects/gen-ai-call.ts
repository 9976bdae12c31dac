import { servedTier } from '../../pricing/usage/tier.ts';
import type { Call } from '../call.ts';
import type { Span } from '../otlp/request.ts';
import { text } from './attributes.ts';
import { isRefusal } from './refusal.ts';
import { readTags, type TagKeys } from './tags.ts';

/** The parts of a call that every dialect on GenAI attribute names reads alike, whatever its counts mean. */
export function genAiCall(
  span: Span,
  tags?: TagKeys,
): Omit<Call, 'kind' | 'dialect' | 'operation' | 'usage' | 'usageState'> {
  const { attributes } = span;
  return {
    provider: text(attributes, 'gen_ai.provider.name', 'gen_ai.system'),
    model: text(attributes, 'gen_ai.response.model', 'gen_ai.request.model'),
    // Only what was served: a requested tier is a wish.
    tier:
      servedTier(text(attributes, 'spanledger.service_tier')) ??
      servedTier(text(attributes, 'openai.response.service_tier', 'gen_ai.openai.response.service_tier')) ??
      'standard',
    // Not cloud.region of the resource: that is where the application runs.
    region: text(attributes, 'spanledger.region'),
    tags: readTags(span, tags),
    responseId: text(attributes, 'gen_ai.response.id'),
    attempts: 1,
    fallbackFrom: text(attributes, 'spanledger.fallback_from'),
    error: text(attributes, 'error.type') ?? (span.statusCode === 2 ? '_OTHER' : undefined),
    refused: isRefusal(attributes),
    reportedCost: undefined,
  };
}
