import { text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

const PROPERTIES = 'traceloop.association.properties.';
const tags = tagKeys({
  prefixes: [PROPERTIES],
  names: { feature: ['traceloop.workflow.name', 'traceloop.prompt.key'], environment: [`${PROPERTIES}env`] },
});

/** `llm.request.type` (and the new operation names) to the convention's operation. */
const operations: Readonly<Record<string, string>> = {
  chat: 'chat',
  completion: 'text_completion',
  embedding: 'embeddings',
  rerank: 'rerank',
  agent: 'invoke_agent',
  tool: 'execute_tool',
};

/**
 * OpenLLMetry (Traceloop), JavaScript and Python, old names and new. Spans of the SDK's own decorators carry
 * `traceloop.span.kind` (workflow, task, agent, tool); what they say of tokens repeats the calls below them.
 */
export const openllmetry: Dialect = {
  name: 'openllmetry',
  scopes:
    /^@traceloop\/|^openllmetry|^opentelemetry\.instrumentation\.(openai\.v[01]|(alephalpha|anthropic|bedrock|cohere|crewai|google_generativeai|groq|haystack|langchain|llamaindex|mistralai|ollama|openai_agents|replicate|sagemaker|together|transformers|vertexai|voyageai|watsonx|writer)$)/,
  keys: ['traceloop.span.kind', 'llm.request.type', 'traceloop.workflow.name', 'traceloop.entity.name'],
  read(span) {
    const { attributes } = span;
    const kind = text(attributes, 'traceloop.span.kind');
    const type = text(attributes, 'llm.request.type');
    return conventionalCall(span, {
      dialect: openllmetry.name,
      operation: text(attributes, 'gen_ai.operation.name') ?? (type === undefined ? undefined : operations[type]),
      ...(kind === undefined ? {} : { kind: 'aggregate' as const }),
      tags,
      call: { provider: providerOf(text(attributes, 'gen_ai.provider.name', 'gen_ai.system')) },
    });
  },
};

/** Older versions write the name of the class: `OpenAI`, `Anthropic`, `Langchain`. */
function providerOf(name: string | undefined): string | undefined {
  return name === undefined || name.toLowerCase() === 'langchain' ? undefined : name;
}
