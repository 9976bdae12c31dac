import { count, json, text } from './attributes.ts';
import { aggregateOperations, conventionalCall } from './conventional.ts';
import { readCounts } from './counts.ts';
import type { Dialect } from './dialect.ts';
import { gatewayCost, vercelTags } from './vercel-ai.ts';

/** Operations of spans that are one call each. */
const calls: ReadonlySet<string> = new Set(['chat', 'embeddings', 'rerank', 'decide']);

/**
 * The Vercel AI SDK 7 with @ai-sdk/otel (scope `gen_ai`): a root `invoke_agent` with the sum, a `step` (`agent_step`), and
 * a `chat` for each call. Embeddings have two spans of the same operation, of which only the inner one carries tokens.
 */
export const vercelAiOtel: Dialect = {
  name: 'vercel-ai-otel',
  scopes: /^gen_ai$|^@ai-sdk\/otel/,
  keys: ['ai.usage.outputTokenDetails.reasoningTokens'],
  read(span) {
    const { attributes } = span;
    if (!/^gen_ai$|^@ai-sdk\/otel/.test(span.scope.name)) return undefined;
    const operation = text(attributes, 'gen_ai.operation.name');
    const counts = readCounts(attributes);
    const used = counts.input !== undefined || counts.output !== undefined;
    if (operation === 'embeddings' && !used) return null;
    const isCall = operation === undefined || calls.has(operation);
    // Speech and transcription carry what the provider counts, which may be characters or seconds: not to be taken for tokens.
    if (!isCall && !aggregateOperations.has(operation)) return null;
    const reportedCost = gatewayCost(json(attributes, 'ai.response.providerMetadata'));
    return conventionalCall(span, {
      dialect: vercelAiOtel.name,
      kind: isCall ? 'call' : 'aggregate',
      counts: {
        ...counts,
        reasoning: counts.reasoning ?? count(attributes, 'ai.usage.outputTokenDetails.reasoningTokens'),
      },
      tags: vercelTags,
      ...(reportedCost === undefined ? {} : { call: { reportedCost } }),
    });
  },
};
