import { context, type Attributes } from '@opentelemetry/api';
import type { Unit } from '../pricing/usage/units.ts';
import { fromDisjoint } from '../pricing/usage/usage.ts';
import { describeCounts } from './counts.ts';
import { emitNow } from './emit.ts';
import { attr } from './semconv.ts';

/** A call that nothing can see: a batch whose results come from a bucket, a socket, a model of your own. */
export interface TrackedUsage {
  /** `gen_ai.provider.name`: `openai`, `anthropic`, `aws.bedrock`, … */
  readonly provider: string;
  readonly model: string;
  /** Counts that do not overlap: `input` without what the cache read, `output` without reasoning. */
  readonly usage: Readonly<Partial<Record<Unit, number>>>;
  /** `chat` unless said otherwise. */
  readonly operation?: string;
  /** As served; it decides the price. */
  readonly serviceTier?: 'standard' | 'batch' | 'flex' | 'priority';
  readonly region?: string;
  readonly responseId?: string;
  /** When the call began; now, unless said otherwise. It decides which price applies. */
  readonly startedAt?: Date;
  readonly durationMs?: number;
  /** Where the counts are not the provider's own. */
  readonly estimated?: boolean;
}

/**
 * Records a call by hand, with the tags in force. True when it was taken; false without the preload. Counts that cannot be
 * (negative, fractional) do not throw here: the call is recorded as one whose usage is invalid.
 *
 * @example trackUsage({ provider: 'openai', model: 'gpt-4o', serviceTier: 'batch', usage: { input: 1250, output: 340 } })
 */
export function trackUsage(tracked: TrackedUsage): boolean {
  const { operation = 'chat', startedAt = new Date(), durationMs = 0 } = tracked;
  return emitNow(context.active(), (tags) => {
    const attributes: Attributes = {
      ...tags,
      [attr.operation]: operation,
      [attr.provider]: tracked.provider,
      [attr.requestModel]: tracked.model,
      [attr.attempts]: 1,
    };
    if (tracked.serviceTier !== undefined) attributes[attr.serviceTier] = tracked.serviceTier;
    if (tracked.region !== undefined) attributes[attr.region] = tracked.region;
    if (tracked.responseId !== undefined) attributes[attr.responseId] = tracked.responseId;
    const usage = fromDisjoint(tracked.usage, 'reported');
    if (usage.status === 'known') {
      describeCounts(attributes, usage.counts);
      attributes[attr.usageState] = tracked.estimated === true ? 'estimated' : 'reported';
    } else {
      attributes[attr.usageState] = 'absent';
      if (usage.status === 'invalid') attributes[attr.usageInvalid] = usage.detail;
    }
    const start = startedAt.getTime();
    return { name: `${operation} ${tracked.model}`, start, end: start + durationMs, attributes, error: undefined };
  });
}
