import type { ServiceTier } from '../pricing/charge.ts';
import type { FemtoUsd } from '../pricing/money.ts';
import type { Usage, UsageState } from '../pricing/usage/usage.ts';

/** The names by which cost is attributed; the same in files, on the API and on the wire (`spanledger.<name>`). */
export const tagNames = [
  'customer_id',
  'feature',
  'route',
  'task_type',
  'task_id',
  'team',
  'plan',
  'workspace_id',
  'user_id',
  'session_id',
  'environment',
  'service',
] as const;
export type TagName = (typeof tagNames)[number];

/** Only tags that have a value. `extra` holds `spanledger.tag.<key>`. */
export interface Tags extends Readonly<Partial<Record<TagName, string>>> {
  readonly extra?: Readonly<Record<string, string>>;
}

/**
 * What a dialect makes of a span that speaks of an LLM call.
 * `call` is a billable leaf; `aggregate` repeats the usage of its children (agents, workflows) and is not charged.
 */
export interface Call {
  readonly kind: 'call' | 'aggregate';
  readonly dialect: string;
  readonly provider: string | undefined;
  /** The model that answered, else the one asked for. */
  readonly model: string | undefined;
  readonly operation: string;
  readonly tier: ServiceTier;
  readonly region: string | undefined;
  readonly usage: Usage;
  readonly usageState: UsageState;
  readonly tags: Tags;
  readonly responseId: string | undefined;
  /** HTTP attempts of this one logical call. */
  readonly attempts: number;
  /** The model first asked for, where another one answered in its place. */
  readonly fallbackFrom: string | undefined;
  /** `error.type`, where the call failed. */
  readonly error: string | undefined;
  /** Whether the provider refused it before doing any work: with no usage, there is nothing to bill. */
  readonly refused: boolean;
  /** What the provider or emitter says it cost. */
  readonly reportedCost: FemtoUsd | undefined;
}
