import type { ServiceTier } from '../../usage/tier.ts';
import type { Unit } from '../../usage/units.ts';
import type { ModelBlock } from '../provider-file.ts';

export interface ModelAmendment extends ModelBlock {
  readonly provider: string;
  readonly source: string;
  readonly checked: string;
  /** Why the lists don't do. */
  readonly reason: string;
}

/** A tier whose token rates are a fixed multiple of the standard ones, by the provider's word. */
export interface TierFactor {
  readonly provider: string;
  /** Patterns of models; all where it is missing. */
  readonly models?: readonly string[];
  readonly tier: ServiceTier;
  readonly factor: string;
  readonly from?: string;
  readonly until?: string;
  readonly source: string;
  readonly checked: string;
}

/** Units that a provider's page prices as another one. */
export interface InheritAmendment {
  readonly provider: string;
  readonly inherits: Partial<Record<Unit, Unit>>;
  readonly source: string;
}
