import { fromInclusive, type Usage } from '../../pricing/usage/usage.ts';
import type { AttributeMap, Span } from '../otlp/request.ts';
import { count, namingCulprit, sum, text } from './attributes.ts';
import type { Dialect } from './dialect.ts';
import { genAiCall } from './gen-ai-call.ts';
import { inputBasis } from './input-basis.ts';

/**
 * Operations whose span repeats the usage of the spans below it, or must carry none (`fetch_response` polls an answer
 * that was counted when it was made). Charging them too is how totals double.
 */
const aggregates: ReadonlySet<string> = new Set([
  'invoke_agent',
  'create_agent',
  'invoke_workflow',
  'execute_tool',
  'plan',
  'agent_step',
  'handle_conversation_turn',
  'fetch_response',
]);
/** Operations that are calls of a model whether or not usage is known. */
const inferences: ReadonlySet<string> = new Set(['chat', 'generate_content', 'text_completion', 'embeddings']);
const CLIENT = 3;

/**
 * OpenTelemetry's GenAI conventions, from the names before 1.36 (`gen_ai.system`, `prompt_tokens`) to the newest
 * (`cache_write.input_tokens`), in whatever mixture an emitter writes them.
 */
export const otelGenai: Dialect = {
  name: 'otel-genai',
  read(span) {
    const { attributes } = span;
    const common = genAiCall(span);
    const usage = readUsage(span, common.provider);
    const named = text(attributes, 'gen_ai.operation.name');
    const used = usage.status !== 'missing';
    if (named !== undefined && aggregates.has(named) && !used) return undefined;
    // Retrieval, memory and what is yet to come is a call only if it says what it used.
    const isCall =
      used || (named === undefined ? span.kind === CLIENT && common.model !== undefined : inferences.has(named));
    if (!isCall) return undefined;
    return {
      ...common,
      kind: named !== undefined && aggregates.has(named) ? 'aggregate' : 'call',
      dialect: otelGenai.name,
      operation: named ?? 'chat',
      usage,
      usageState: usageState(attributes, named ?? 'chat', used),
    };
  },
};

function readUsage(span: Span, provider: string | undefined): Usage {
  const { attributes } = span;
  const input = inputTokens(attributes);
  const output = outputTokens(attributes);
  if (input === undefined && output === undefined) return { status: 'missing' };
  const cacheRead = count(
    attributes,
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'gen_ai.usage.cache_read_tokens',
  );
  const cacheWrite = count(
    attributes,
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'gen_ai.usage.cache_write_tokens',
  );
  const cached = sum(cacheRead, cacheWrite) ?? 0;
  const total = count(attributes, 'gen_ai.usage.total_tokens', 'llm.usage.total_tokens');
  const { includesCache, basis } = inputBasis(span, provider, { input: input ?? 0, cached, output, total });
  const usage = fromInclusive(
    {
      input: includesCache ? input : sum(input, cached),
      output,
      cacheRead,
      cacheWrite,
      reasoning: count(attributes, 'gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.reasoning_tokens'),
      inputAudio: count(attributes, 'gen_ai.usage.audio.input_tokens'),
      inputImage: count(attributes, 'gen_ai.usage.image.input_tokens'),
      cacheReadAudio: count(attributes, 'gen_ai.usage.audio.cache_read.input_tokens'),
      cacheReadImage: count(attributes, 'gen_ai.usage.image.cache_read.input_tokens'),
      outputAudio: count(attributes, 'gen_ai.usage.audio.output_tokens'),
      outputImage: count(attributes, 'gen_ai.usage.image.output_tokens'),
    },
    basis,
  );
  return namingCulprit(usage, attributes);
}

function inputTokens(attributes: AttributeMap): number | undefined {
  return count(attributes, 'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens');
}

function outputTokens(attributes: AttributeMap): number | undefined {
  return count(attributes, 'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens');
}

/** A generation that reports only one of its two totals was cut short, or its emitter was. */
function usageState(attributes: AttributeMap, operation: string, used: boolean): 'reported' | 'incomplete' | 'absent' {
  if (!used) return 'absent';
  const oneSided = inputTokens(attributes) === undefined || outputTokens(attributes) === undefined;
  return oneSided && inferences.has(operation) && operation !== 'embeddings' ? 'incomplete' : 'reported';
}
