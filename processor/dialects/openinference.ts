import type { AttributeMap } from '../otlp/request.ts';
import { count, text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import { readCounts, type TokenCounts } from './counts.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

const tags = tagKeys({ json: ['metadata'], names: { feature: ['agent.name', 'llm.prompt_template.version'] } });

/** Kinds of span that call a model; every other kind is made of them. */
const operations: Readonly<Record<string, string>> = { LLM: 'chat', EMBEDDING: 'embeddings', RERANKER: 'rerank' };

/**
 * OpenInference (Arize): `llm.token_count.*`, of which the details are parts. Since frameworks write their totals on the
 * spans of agents and chains, only LLM, EMBEDDING and RERANKER are calls.
 */
export const openinference: Dialect = {
  name: 'openinference',
  scopes: /^openinference\.|^@arizeai\/openinference/,
  keys: [
    'openinference.span.kind',
    'llm.model_name',
    'embedding.model_name',
    'llm.token_count.prompt',
    'llm.token_count.completion',
    'llm.token_count.total',
  ],
  read(span) {
    const { attributes } = span;
    const kind = text(attributes, 'openinference.span.kind')?.toUpperCase();
    const operation = kind === undefined ? undefined : operations[kind];
    const named = kind !== undefined && operation === undefined;
    const provider = text(attributes, 'llm.provider', 'llm.system', 'gen_ai.provider.name', 'gen_ai.system');
    return conventionalCall(span, {
      dialect: openinference.name,
      operation: operation ?? (named ? kind.toLowerCase() : (text(attributes, 'gen_ai.operation.name') ?? 'chat')),
      kind: named ? 'aggregate' : 'call',
      counts: { ...readCounts(attributes), ...tokenCounts(attributes) },
      tags,
      call: {
        provider,
        model:
          text(attributes, 'gen_ai.response.model', 'llm.model_name', 'embedding.model_name', 'reranker.model_name') ??
          text(attributes, 'gen_ai.request.model'),
      },
    });
  },
};

const PREFIX = 'llm.token_count.';

/** Only counts that are there, so that they lie over GenAI ones without hiding them. */
function tokenCounts(attributes: AttributeMap): TokenCounts {
  const counts: TokenCounts = {
    input: count(attributes, `${PREFIX}prompt`),
    output: count(attributes, `${PREFIX}completion`),
    total: count(attributes, `${PREFIX}total`),
    cacheRead: count(attributes, `${PREFIX}prompt_details.cache_read`, `${PREFIX}prompt_details.cache_input`),
    cacheWrite: count(attributes, `${PREFIX}prompt_details.cache_write`),
    inputAudio: count(attributes, `${PREFIX}prompt_details.audio`),
    reasoning: count(attributes, `${PREFIX}completion_details.reasoning`),
    outputAudio: count(attributes, `${PREFIX}completion_details.audio`),
  };
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== undefined));
}
