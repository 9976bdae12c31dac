import type { Usage } from '../../pricing/usage/usage.ts';
import type { Call } from '../call.ts';
import type { Span } from '../otlp/request.ts';
import { text } from './attributes.ts';
import { readCounts, usageFrom, type Meaning, type TokenCounts } from './counts.ts';
import { genAiCall } from './gen-ai-call.ts';
import type { TagKeys } from './tags.ts';

/**
 * Operations whose span repeats the usage of the spans below it, or must carry none (`fetch_response` polls an answer
 * that was counted when it was made). Charging them too is how totals double.
 */
export const aggregateOperations: ReadonlySet<string> = new Set([
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
const inferences: ReadonlySet<string> = new Set([
  'chat',
  'generate_content',
  'text_completion',
  'embeddings',
  'rerank',
]);
const CLIENT = 3;

/** What a dialect knows better than the convention. Left out or undefined: as the convention has it. */
export interface Known extends Partial<Pick<Meaning, 'input' | 'reasoningApart'>> {
  readonly dialect: string;
  readonly kind?: Call['kind'] | undefined;
  readonly operation?: string | undefined;
  readonly usage?: Usage | undefined;
  readonly counts?: TokenCounts | undefined;
  readonly tags?: TagKeys | undefined;
  /** Fields of the call that the dialect has under a name of its own. */
  readonly call?: Partial<
    Pick<Call, 'provider' | 'model' | 'tier' | 'region' | 'responseId' | 'error' | 'reportedCost'>
  >;
}

/**
 * Reads a span on GenAI attribute names. `null` where it speaks of no call: an agent without usage, a tool, retrieval and
 * memory that say nothing of what they used.
 */
export function conventionalCall(span: Span, known: Known): Call | null {
  const { attributes } = span;
  const operation = known.operation ?? text(attributes, 'gen_ai.operation.name');
  const common = genAiCall(span, known.tags);
  if (known.call !== undefined) Object.assign(common, known.call);
  const counts = known.counts ?? readCounts(attributes);
  const { input, reasoningApart } = known;
  const meaning = { provider: common.provider, operation, input, reasoningApart };
  const usage = known.usage ?? usageFrom(span, counts, meaning);
  const kind = known.kind ?? (operation !== undefined && aggregateOperations.has(operation) ? 'aggregate' : 'call');
  const used = usage.status !== 'missing';
  if (kind === 'aggregate' && !used) return null;
  const isCall =
    used || (operation === undefined ? span.kind === CLIENT && common.model !== undefined : inferences.has(operation));
  if (!isCall) return null;
  return {
    ...common,
    kind,
    dialect: known.dialect,
    operation: operation ?? 'chat',
    usage,
    usageState: usageState(known.usage, counts, operation ?? 'chat', used),
  };
}

/** A generation that reports only one of its two totals was cut short, or its emitter was. */
function usageState(
  given: Usage | undefined,
  { input, output }: TokenCounts,
  operation: string,
  used: boolean,
): Call['usageState'] {
  if (!used) return 'absent';
  const oneSided = given === undefined && (input === undefined) !== (output === undefined);
  return oneSided && inferences.has(operation) && operation !== 'embeddings' ? 'incomplete' : 'reported';
}
