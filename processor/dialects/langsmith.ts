import type { AttributeMap } from '../otlp/request.ts';
import { json, text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import { readCounts, type TokenCounts } from './counts.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';
import { vendor } from './vendor.ts';

const tags = tagKeys({
  prefixes: ['langsmith.metadata.'],
  names: { session_id: ['langsmith.metadata.conversation_id'] },
});

/** Kinds of run that call a model. */
const operations: Readonly<Record<string, string>> = { llm: 'chat', embedding: 'embeddings' };

/**
 * LangSmith's OTLP exporter (LangChain, LangGraph): `langsmith.span.kind` says what a run is. Its own mapping calls prompts
 * `chat` and retrievers `embeddings`, so the operation is taken from the kind. Details are JSON, with names that LangChain
 * gives its `usage_metadata`, where input includes the cache.
 */
export const langsmith: Dialect = {
  name: 'langsmith',
  scopes: /^langsmith$/,
  keys: ['langsmith.span.kind', 'langsmith.trace.name', 'langsmith.span.id'],
  read(span) {
    const { attributes } = span;
    const kind = text(attributes, 'langsmith.span.kind');
    if (kind === undefined) return undefined;
    const operation = operations[kind];
    return conventionalCall(span, {
      dialect: langsmith.name,
      operation: operation ?? kind,
      kind: operation === undefined ? 'aggregate' : 'call',
      counts: langchainCounts(attributes),
      input: 'inclusive',
      tags,
      call: { provider: vendor(text(attributes, 'gen_ai.provider.name', 'gen_ai.system')) },
    });
  },
};

function langchainCounts(attributes: AttributeMap): TokenCounts {
  const input = json(attributes, 'gen_ai.usage.input_token_details');
  const output = json(attributes, 'gen_ai.usage.output_token_details');
  const of = (details: Readonly<Record<string, unknown>> | undefined, key: string): number | undefined => {
    const value = details?.[key];
    return typeof value === 'number' ? value : undefined;
  };
  const counts = readCounts(attributes);
  const fiveMinutes = of(input, 'ephemeral_5m_input_tokens');
  const oneHour = of(input, 'ephemeral_1h_input_tokens');
  const known = (fiveMinutes ?? 0) + (oneHour ?? 0);
  return {
    ...counts,
    cacheRead: counts.cacheRead ?? of(input, 'cache_read'),
    // Writes by their time to live stand beside `cache_creation`, which is then 0.
    cacheWrite: counts.cacheWrite ?? Math.max(of(input, 'cache_creation') ?? 0, known),
    cacheWrite5m: fiveMinutes,
    cacheWrite1h: oneHour,
    inputAudio: counts.inputAudio ?? of(input, 'audio'),
    reasoning: counts.reasoning ?? of(output, 'reasoning'),
    outputAudio: counts.outputAudio ?? of(output, 'audio'),
  };
}
