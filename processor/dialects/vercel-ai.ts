import { readAnthropicMessagesUsage, readBedrockUsage, type BlockReading } from '../../pricing/usage/blocks/index.ts';
import { servedTier } from '../../pricing/usage/tier.ts';
import type { AttributeMap, Span } from '../otlp/request.ts';
import type { Call } from '../call.ts';
import { count, inner, json, text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import { readCounts, type TokenCounts } from './counts.ts';
import type { Dialect } from './dialect.ts';
import { usd } from './reported-cost.ts';
import { tagKeys } from './tags.ts';

export const vercelTags = tagKeys({
  prefixes: ['ai.telemetry.metadata.', 'ai.settings.context.'],
  names: { feature: ['ai.telemetry.functionId', 'resource.name'] },
});

/** What follows `.do` in the names of spans that call a model. */
const operations: Readonly<Record<string, string>> = {
  Generate: 'chat',
  Stream: 'chat',
  Embed: 'embeddings',
  Rerank: 'rerank',
};

/**
 * The Vercel AI SDK 4 to 6, and 7 with its legacy telemetry (scope `ai`). A root span (`ai.generateText`) repeats the usage
 * of its steps, of which each (`ai.generateText.doGenerate`) is a call.
 */
export const vercelAi: Dialect = {
  name: 'vercel-ai',
  scopes: /^ai$/,
  keys: [
    'ai.operationId',
    'ai.model.id',
    'ai.response.providerMetadata',
    'ai.usage.inputTokens',
    'ai.usage.promptTokens',
  ],
  read: (span) => readVercel(span, vercelAi.name),
};

/** Also for what is built on the SDK and changes only the scope. */
export function readVercel(span: Span, dialect: string): Call | null {
  const { attributes } = span;
  const id = operationId(span);
  const step = /\.do([A-Z][a-z]+)$/.exec(id ?? '')?.[1];
  // A root span is an aggregate: where somebody recorded it alone it is charged once the window closes.
  const isRoot = id !== undefined && step === undefined;
  const metadata = json(attributes, 'ai.response.providerMetadata');
  const block = ownBlock(metadata);
  const tier = block?.tier ?? servedTier(textOf(inner(metadata, 'openai')?.['serviceTier']));
  const reportedCost = gatewayCost(metadata);
  const call: Partial<Pick<Call, 'tier' | 'reportedCost'>> = {
    ...(tier === undefined ? {} : { tier }),
    ...(reportedCost === undefined ? {} : { reportedCost }),
  };
  return conventionalCall(span, {
    dialect,
    operation:
      step === undefined ? (id === undefined ? undefined : id.replace(/^ai\./, '')) : (operations[step] ?? step),
    kind: isRoot ? 'aggregate' : undefined,
    ...(block?.usage.status === 'known' ? { usage: block.usage } : {}),
    ...cacheBeside(metadata, vercelCounts(attributes, step === 'Embed' || id === 'ai.embed' || id === 'ai.embedMany')),
    tags: vercelTags,
    call: {
      provider: text(attributes, 'gen_ai.provider.name', 'gen_ai.system', 'ai.model.provider'),
      model: text(attributes, 'gen_ai.response.model', 'ai.response.model', 'gen_ai.request.model', 'ai.model.id'),
      responseId: text(attributes, 'gen_ai.response.id', 'ai.response.id'),
      ...call,
    },
  });
}

/** `ai.generateText.doGenerate`; older versions have it only before the function's id in `operation.name`. */
function operationId({ attributes, name }: Span): string | undefined {
  const named = text(attributes, 'ai.operationId') ?? text(attributes, 'operation.name')?.split(' ', 1)[0];
  if (named?.startsWith('ai.') === true) return named;
  return name.startsWith('ai.') ? name.split(' ', 1)[0] : undefined;
}

/** Versions 4 (`promptTokens`), 5 (`inputTokens`) and 6 (`inputTokenDetails`), over the GenAI names. */
export function vercelCounts(attributes: AttributeMap, embeds: boolean): TokenCounts {
  const genAi = readCounts(attributes);
  const usage = (...names: readonly string[]): number | undefined =>
    count(attributes, ...names.map((name) => `ai.usage.${name}`));
  const cacheRead = usage('inputTokenDetails.cacheReadTokens', 'cachedInputTokens') ?? genAi.cacheRead;
  const cacheWrite = usage('inputTokenDetails.cacheWriteTokens') ?? genAi.cacheWrite;
  const uncached = usage('inputTokenDetails.noCacheTokens');
  return {
    ...genAi,
    // Where the part that is not cached is given, the sum is certain whatever the total means.
    input:
      uncached === undefined
        ? (usage('inputTokens', 'promptTokens') ?? genAi.input ?? (embeds ? usage('tokens') : undefined))
        : uncached + (cacheRead ?? 0) + (cacheWrite ?? 0),
    output: usage('outputTokens', 'completionTokens') ?? genAi.output,
    total: usage('totalTokens') ?? genAi.total,
    cacheRead,
    cacheWrite,
    reasoning: usage('outputTokenDetails.reasoningTokens', 'reasoningTokens') ?? genAi.reasoning,
  };
}

/**
 * The provider's own usage block, which says more than the SDK's counts and leaves nothing to assume. Bedrock's is taken
 * only where it has input of its own: some versions put only the cache there.
 */
function ownBlock(metadata: Readonly<Record<string, unknown>> | undefined): BlockReading | undefined {
  const anthropic = inner(inner(metadata, 'anthropic'), 'usage');
  if (anthropic !== undefined) return readAnthropicMessagesUsage(anthropic);
  const { cacheCreationInputTokens: _older, ...bedrock } = inner(inner(metadata, 'bedrock'), 'usage') ?? {};
  return typeof bedrock['inputTokens'] === 'number' ? readBedrockUsage(bedrock) : undefined;
}

/**
 * Versions 4 and 5 put only the cache beside the counts, for Anthropic and Bedrock, whose raw input then leaves it out.
 */
function cacheBeside(
  metadata: Readonly<Record<string, unknown>> | undefined,
  counts: TokenCounts,
): { readonly counts: TokenCounts; readonly input?: 'exclusive' } {
  const beside = inner(inner(metadata, 'bedrock'), 'usage') ?? inner(metadata, 'anthropic');
  const of = (...keys: readonly string[]): number | undefined =>
    keys.map((key) => beside?.[key]).find((value) => typeof value === 'number');
  const cacheRead = counts.cacheRead ?? of('cacheReadInputTokens');
  const cacheWrite = counts.cacheWrite ?? of('cacheWriteInputTokens', 'cacheCreationInputTokens');
  const isNew = cacheRead !== counts.cacheRead || cacheWrite !== counts.cacheWrite;
  return isNew ? { counts: { ...counts, cacheRead, cacheWrite }, input: 'exclusive' } : { counts };
}

/** Vercel's gateway and OpenRouter say in their answer what they will charge. */
export function gatewayCost(metadata: Readonly<Record<string, unknown>> | undefined): Call['reportedCost'] {
  return usd(inner(inner(metadata, 'openrouter'), 'usage')?.['cost']) ?? usd(inner(metadata, 'gateway')?.['cost']);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
