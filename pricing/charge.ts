import type { FemtoUsd } from './money.ts';
import type { ServiceTier } from './usage/tier.ts';
import type { Unit } from './usage/units.ts';
import type { Usage } from './usage/usage.ts';

/** An instant, in microseconds since the Unix epoch (a safe integer until the year 2255). */
export type Micros = number;

export type { ServiceTier };

/** What is to be priced. `provider` and `model` are the words that the span or the user used; matching is ours. */
export interface PriceQuery {
  readonly provider: string | undefined;
  readonly model: string;
  readonly at: Micros;
  readonly tier: ServiceTier;
  readonly region: string | undefined;
  readonly usage: Usage;
}

/** One line of a sum that can be checked by hand: quantity x rate = amount, exactly. */
export interface ChargeLine {
  readonly unit: Unit;
  readonly quantity: number;
  /** USD for one unit. */
  readonly rate: FemtoUsd;
  readonly amount: FemtoUsd;
}

/** Why there is no figure. Never a silent 0. */
export const unpricedReasons = [
  'unknown_model',
  'unknown_provider',
  'unknown_unit',
  'missing_usage',
  'invalid_usage',
  'ambiguous_deployment',
  'no_price_at_time',
] as const;
export type UnpricedReason = (typeof unpricedReasons)[number];

export interface PricedCharge {
  readonly status: 'priced';
  readonly amount: FemtoUsd;
  /** Sums to `amount`. */
  readonly lines: readonly ChargeLine[];
  readonly source: 'list' | 'contract' | 'provider';
  /** The rate card, as `provider/model@from` and what else sets it apart. */
  readonly priceId: string;
  /** The version of the price book that the card was taken from. */
  readonly priceVersion: string;
  /** The catalog's names for what was matched. */
  readonly provider: string;
  readonly model: string;
}

export interface UnpricedCharge {
  readonly status: 'unpriced';
  readonly reason: UnpricedReason;
  /** For people: the names and figures involved. */
  readonly detail: string;
}

export type Charge = PricedCharge | UnpricedCharge;
