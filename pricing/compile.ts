/** A model's cards, made ready: which rates apply at an instant, tier, region and size of prompt. */
import { cardId, type Inheritance, type Model, type Provider, type RateCard } from './catalog.ts';
import type { Micros } from './charge.ts';
import type { FemtoUsd } from './money.ts';
import { isActive } from './schedule.ts';
import type { ServiceTier } from './usage/tier.ts';
import { unitNames, units, type Unit } from './usage/units.ts';

export interface Rates {
  readonly id: string;
  readonly units: Readonly<Partial<Record<Unit, FemtoUsd>>>;
}

export type RatesAt = (
  at: Micros,
  tier: ServiceTier,
  region: string | undefined,
  inputTokens: number,
) => Rates | undefined;

/** A stretch of time in which the same cards apply. */
interface Period {
  readonly from: number;
  readonly until: number;
  readonly steps: readonly Step[];
}

/** The rates from a size of prompt on, the largest first; schedules lie over the plain rates. */
interface Step {
  readonly above: number;
  readonly plain: Rates | undefined;
  readonly scheduled: readonly { readonly card: RateCard; readonly rates: Rates }[];
}

const compiled = new WeakMap<Model, RatesAt>();
/** Regions come from spans, so what is remembered about them is bounded. */
const REMEMBERED_REGIONS = 100;

export function compileModel(provider: Provider, model: Model): RatesAt {
  const known = compiled.get(model);
  if (known !== undefined) return known;
  const plans = new Map<ServiceTier, Map<string | undefined, readonly Period[]>>();
  const ratesAt: RatesAt = (at, tier, region, inputTokens) => {
    let regions = plans.get(tier);
    if (regions === undefined || regions.size > REMEMBERED_REGIONS) plans.set(tier, (regions = new Map()));
    let periods = regions.get(region);
    if (periods === undefined) regions.set(region, (periods = plan(provider, model, tier, region)));
    for (const { from, until, steps } of periods) {
      if (!(from <= at && at < until)) continue;
      for (const step of steps) {
        // Strictly above: a prompt of exactly the threshold is still on the cheaper side.
        if (inputTokens <= step.above) continue;
        for (const { card, rates } of step.scheduled)
          if (card.schedule !== undefined && isActive(card.schedule, at)) return rates;
        return step.plain;
      }
    }
    return undefined;
  };
  compiled.set(model, ratesAt);
  return ratesAt;
}

function plan(provider: Provider, model: Model, tier: ServiceTier, region: string | undefined): Period[] {
  const ofTier = model.cards.filter((card) => card.tier === tier);
  const folded = region?.toLowerCase();
  const regional = ofTier.filter((card) => card.region !== undefined && card.region === folded);
  // A region without cards of its own is sold at the general rates, where there is no factor for it.
  const cards = regional.length > 0 ? regional : ofTier.filter((card) => card.region === undefined);
  const factor = regional.length > 0 || folded === undefined ? undefined : model.uplifts[folded];
  const uplift = factor === undefined || folded === undefined ? undefined : { region: folded, factor };
  const standard = model.cards.filter((card) => card.tier === 'standard' && card.region === undefined);
  const instants = new Set(
    [...cards, ...standard].flatMap(({ from, until }) => [from ?? -Infinity, until ?? Infinity]),
  );
  const bounds = [...instants].toSorted((a, b) => a - b);
  const periods = bounds.slice(1).map((until, index): Period => {
    const from = bounds[index] ?? -Infinity;
    const current = (card: RateCard): boolean => (card.from ?? -Infinity) <= from && until <= (card.until ?? Infinity);
    const fees = standard.find((card) => current(card) && isPlain(card));
    const active = cards.filter(current);
    // Where long prompts have their own standard price, a tier that names none for them has none: its price for short
    // ones would be too low.
    const missing = standard
      .filter((card) => current(card) && tier !== 'standard')
      .map(thresholdOf)
      .filter((above) => above > 0 && !active.some((card) => thresholdOf(card) === above));
    return { from, until, steps: steps(active, missing, fees, uplift, provider, model) };
  });
  // Newest first: nearly every call is priced now.
  return periods.filter(({ steps }) => steps.length > 0).toReversed();
}

function steps(
  cards: readonly RateCard[],
  missing: readonly number[],
  fees: RateCard | undefined,
  uplift: Uplift | undefined,
  provider: Provider,
  model: Model,
): Step[] {
  const rates = (card: RateCard): Rates => {
    const id = cardId(provider.provider, model.model, card);
    const all = withInherited(card, fees, provider.inherits);
    return uplift === undefined ? { id, units: all } : { id: `${id}+${uplift.region}`, units: lifted(all, uplift) };
  };
  if (cards.length === 0) return [];
  const thresholds = new Set([...cards.map(thresholdOf), ...missing]);
  return [...thresholds]
    .toSorted((a, b) => b - a)
    .map((above): Step => {
      const here = cards.filter((card) => thresholdOf(card) === above);
      const plain = here.find((card) => card.schedule === undefined);
      const scheduled = here.filter((card) => card.schedule !== undefined);
      return {
        above,
        plain: plain === undefined ? undefined : rates(plain),
        scheduled: scheduled.map((card) => ({ card, rates: rates(card) })),
      };
    });
}

interface Uplift {
  readonly region: string;
  readonly factor: bigint;
}

/** A region's factor is on tokens; searches and pages cost the same everywhere. The reader has made sure it is exact. */
function lifted(rates: Rates['units'], { factor }: Uplift): Rates['units'] {
  const all: Partial<Record<Unit, FemtoUsd>> = { ...rates };
  for (const unit of unitNames) {
    const rate = all[unit];
    if (rate !== undefined && units[unit].kind === 'token') all[unit] = (rate * factor) / 1000n;
  }
  return all;
}

function thresholdOf(card: RateCard): number {
  return card.aboveInputTokens ?? -1;
}

function isPlain(card: RateCard): boolean {
  return card.aboveInputTokens === undefined && card.schedule === undefined;
}

/**
 * The rates of a card and those that it takes over, each by a stated rule:
 * - fees that are no tokens (a search, a page) are the same in every tier and on both sides of a threshold, so a card that
 *   doesn't mention them has those of the standard card;
 * - reasoning is billed as output, unless a rate is stated;
 * - a cache write of unknown time to live is the shortest one, which is every provider's default;
 * - one write price for any time to live covers five minutes too;
 * - whatever else the provider's page prices as another unit (`inherits` in its file).
 * No other unit has a rate: it is not free, and what it costs is not guessed.
 */
function withInherited(card: RateCard, fees: RateCard | undefined, inherits: Inheritance): Rates['units'] {
  const all: Partial<Record<Unit, FemtoUsd>> = { ...card.rates };
  const take = (unit: Unit, rate: FemtoUsd | undefined): void => {
    if (all[unit] === undefined && rate !== undefined) all[unit] = rate;
  };
  for (const unit of unitNames) if (units[unit].kind === 'count') take(unit, fees?.rates[unit]);
  take('reasoning', all.output);
  take('cache_write', all.cache_write_5m);
  take('cache_write_5m', all.cache_write);
  for (const [unit, from] of Object.entries(inherits)) take(unit as Unit, all[from]);
  return all;
}
