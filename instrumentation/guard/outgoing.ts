import type { Attributes, SpanContext } from '@opentelemetry/api';
import type { Json } from '../apis/api.ts';
import type { Call } from '../call.ts';
import { estimateByRule, textsOf } from '../estimate.ts';
import type { Dimensions } from './key-index.ts';
import type { CeilingIds } from './ceilings.ts';
import type { OutgoingCall } from './guard.ts';

const prefix = 'spanledger.';
/** Tags that have a name of the conventions. */
const names = new Map([['deployment.environment.name', 'environment']]);

/** A call of the instrumentation, as budgets look at it. */
export function outgoingOf(
  { request, provider, api }: Pick<Call, 'request' | 'provider' | 'api'>,
  tags: Attributes,
  parent: SpanContext | undefined,
  body: Json,
  resource: Dimensions,
): OutgoingCall {
  const { model, maxTokens } = request;
  const inputTokens = (): number => estimateByRule({ model, input: textsOf(api.input(body)), output: '' }).input;
  const dimensions = dimensionsOf(tags, { ...resource, provider, model: model ?? '' });
  return { dimensions, ids: idsOf(tags, parent), provider, model, maxTokens, inputTokens };
}

/** Tags as budgets know them: by their own names. */
export function dimensionsOf(tags: Attributes, others: Dimensions): Dimensions {
  const dimensions: Record<string, string> = { tier: 'standard', status: 'priced', ...others };
  for (const [key, value] of Object.entries(tags)) {
    const name = names.get(key) ?? (key.startsWith(prefix) ? key.slice(prefix.length) : undefined);
    if (name !== undefined && typeof value === 'string') dimensions[name] = value;
  }
  return dimensions;
}

export function idsOf(tags: Attributes, parent: SpanContext | undefined): CeilingIds {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    trace: parent?.traceId,
    session: text(tags['session.id']),
    task: text(tags['spanledger.task_id']),
  };
}
