/**
 * The catalog: what providers charge, as dated rate cards. One JSON file a provider in `catalog/`, laid out so that a person
 * can check it against the provider's page. Append-only: a rate that changes gets a new card and its predecessor an `until`,
 * because editing a card would reprice the past.
 */
import type { Micros } from './charge.ts';
import type { FemtoUsd } from './money.ts';
import type { ServiceTier } from './usage/tier.ts';
import type { Unit } from './usage/units.ts';

export interface Catalog {
  /** Day of the newest check and a hash of the content, e.g. `2026-09-23.1f0c9a2b`. */
  readonly version: string;
  /** ISO day on which the newest rate was checked. */
  readonly checked: string;
  /** How many there are. */
  readonly models: number;
  readonly providers: readonly Provider[];
}

export interface Provider {
  readonly provider: string;
  readonly name: string;
  /** The pages that the rates were read from, unless a card names its own. */
  readonly sources: readonly string[];
  /** ISO day of the last check, unless a card names its own. */
  readonly checked: string;
  /** Model names that mean this provider when none is named. */
  readonly claims: readonly string[];
  /** Providers whose models are sold here too at their own list price, e.g. OpenAI's at Azure. */
  readonly resells: readonly string[];
  /** Units that the provider's page prices as another one, for models that have no rate of their own for them. */
  readonly inherits: Inheritance;
  readonly models: readonly Model[];
}

export type Inheritance = Readonly<Partial<Record<Unit, Unit>>>;

export interface Model {
  readonly model: string;
  /**
   * Further names: plain (`gpt-4o-2024-08-06`), with `*` for anything (`claude-opus-4-6*`), or a regular expression between
   * slashes. Case is ignored except in the last. A plain name wins over any pattern, then the pattern that says most, so
   * the order of models means nothing.
   */
  readonly match: readonly string[];
  readonly context_window?: number;
  readonly note?: string;
  /** Other price lists that say the same for everything that both have; none is a price that rests on one list alone. */
  readonly agree: readonly string[];
  /** Factors on all token rates by region, in thousandths: `{ us: 1100n }` is 10 % more for inference in the US. */
  readonly uplifts: Readonly<Record<string, bigint>>;
  readonly cards: readonly RateCard[];
}

/** Whether a model is in LiteLLM's list, and in nobody's page or list that we read first. Its note says so. */
export function isFromLiteLLM({ note }: { readonly note?: string }): boolean {
  return note?.startsWith('LiteLLM "') === true;
}

/** The rates of one model for one period, tier, region, size of prompt and time of day. */
export interface RateCard {
  /** From this instant on; since ever where it is missing. */
  readonly from?: Micros;
  /** Up to, not including, this instant. */
  readonly until?: Micros;
  readonly tier: ServiceTier;
  readonly region?: string;
  /** Applies to the whole request when all of its input tokens are more than this. */
  readonly aboveInputTokens?: number;
  readonly schedule?: Schedule;
  /** USD for one unit. */
  readonly rates: Readonly<Partial<Record<Unit, FemtoUsd>>>;
  readonly source?: string;
  readonly checked?: string;
  readonly note?: string;
}

/** Recurring hours, e.g. peak hours on weekdays. */
export interface Schedule {
  readonly name: string;
  /** IANA name of the zone in which days and hours are meant. */
  readonly zone: string;
  /** Empty: every day. */
  readonly days: readonly Day[];
  /** From and until, minutes of the day; the end is not included. */
  readonly windows: readonly (readonly [number, number])[];
  /** ISO days of that zone on which the schedule is off, e.g. public holidays. */
  readonly except: readonly string[];
}

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Day = (typeof weekdays)[number];

/**
 * What identifies a card for people and machines: `openai/o3@2025-06-10`, then whatever else sets it apart.
 *
 * @example cardId('openai', 'gpt-5.4', { tier: 'batch', aboveInputTokens: 271_999, rates: {} })
 * // 'openai/gpt-5.4+batch+above-271999'
 */
export function cardId(provider: string, model: string, card: RateCard): string {
  const parts = [`${provider}/${model}${card.from === undefined ? '' : `@${formatInstant(card.from)}`}`];
  if (card.tier !== 'standard') parts.push(card.tier);
  if (card.region !== undefined) parts.push(card.region);
  if (card.aboveInputTokens !== undefined) parts.push(`above-${card.aboveInputTokens}`);
  if (card.schedule !== undefined) parts.push(card.schedule.name);
  return parts.join('+');
}

/** A day where the instant is a UTC midnight, else the instant: `2025-06-10`, `2026-08-16T16:00:00Z`. */
export function formatInstant(at: Micros): string {
  const text = new Date(at / 1000).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.replace('.000Z', 'Z');
}
