import type { Charge, Micros, PriceQuery } from '../../pricing/charge.ts';
import { formatUsd, USD, type FemtoUsd } from '../../pricing/money.ts';
import { compareReported } from '../../pricing/reported.ts';
import type { Unit } from '../../pricing/usage/units.ts';
import type { Usage } from '../../pricing/usage/usage.ts';
import type { Call } from '../call.ts';
import type { Entry } from '../ledger.ts';
import type { Span } from '../otlp/request.ts';
import { identify } from './identity.ts';

/**
 * The most that one call is believed to have cost: more than any batch of any provider, and so little that thousands in one
 * hour stay within what the ledger can add up (`maxAmount`). It would refuse a sum beyond that, and with it every other call
 * of the same request.
 */
const MOST: FemtoUsd = 1_000_000n * USD;

/**
 * The most of a unit that one call is believed to have used. A whole batch may be told as one call: the largest queue that
 * OpenAI grants for batches holds 15 billion tokens (platform.openai.com/docs/models/gpt-4o-mini, rate limits, tier 5). A
 * million calls of the most still add up in 64 bits, where a thousand of 2^53 do not: a few broken counts would take away
 * everybody's sums.
 */
const MOST_OF_A_UNIT = 1_000_000_000_000;

/** A call's usage, unless nobody can have used so much. */
function believed({ usage }: Call): Usage {
  if (usage.status !== 'known') return usage;
  const { counts } = usage;
  for (const name in counts) {
    const count = counts[name as Unit] ?? 0;
    if (count > MOST_OF_A_UNIT)
      return { status: 'invalid', detail: `${name} is ${count}: no call uses more than ${MOST_OF_A_UNIT} of a unit` };
  }
  return usage;
}

/** What is needed of a price book here. */
export interface Prices {
  readonly version: string;
  price(query: PriceQuery): Charge;
}

/**
 * The instant at which a call is charged: its start. Prices, rollups and budgets all use it. A span without a start counts
 * from its end. Never the time of arrival: a resend must find the same key.
 */
export function chargedAt(span: Span): Micros {
  const nano = span.startUnixNano === 0n ? span.endUnixNano : span.startUnixNano;
  return Math.min(Number(nano / 1000n), Number.MAX_SAFE_INTEGER);
}

/**
 * What a call costs: as its provider said, else by the price book; `unpriced` with a reason where no figure can be had.
 */
export function chargeFor(call: Call, at: Micros, prices: Prices): Charge {
  const ours = bookCharge(call, at, prices);
  const { reportedCost, provider = '', model = '' } = call;
  if (reportedCost === undefined || reportedCost > MOST) return ours;
  return compareReported(ours, reportedCost, { provider, model }, prices.version).charge;
}

function bookCharge(call: Call, at: Micros, prices: Prices): Charge {
  const { provider, model, tier, region } = call;
  const usage = believed(call);
  if (call.refused && usage.status === 'missing') return refusedCharge(call);
  if (model === undefined)
    return {
      status: 'unpriced',
      reason: 'unknown_model',
      detail: 'the span names neither a response nor a request model',
    };
  const charge = prices.price({ provider, model, at, tier, region, usage });
  if (charge.status === 'priced' && (charge.amount > MOST || charge.amount < -MOST))
    return {
      status: 'unpriced',
      reason: 'invalid_usage',
      detail: `${formatUsd(charge.amount)} USD for one call (${charge.lines.map(({ unit, quantity }) => `${unit} ${quantity}`).join(', ')}): no call costs this much`,
    };
  return charge;
}

/** Nothing was used, so nothing is owed, whatever the model costs. A storm of refusals must not look like missing prices. */
function refusedCharge({ provider = '', model = '' }: Call): Charge {
  return {
    status: 'priced',
    amount: 0n,
    lines: [],
    source: 'provider',
    priceId: 'refused',
    priceVersion: '',
    provider,
    model,
  };
}

/** The ledger's line for a call. */
export function entryFor(span: Span, call: Call, charge: Charge): Entry {
  const startUs = chargedAt(span);
  const endUs = Math.min(Number(span.endUnixNano / 1000n), Number.MAX_SAFE_INTEGER);
  const { tags } = call;
  const usage = believed(call);
  const tag = (name: Exclude<keyof typeof tags, 'extra'>): string => tags[name] ?? '';
  return {
    ...identify(span),
    startUs,
    rev: 0,
    durationUs: Math.max(0, endUs - startUs),
    dimensions: {
      customer_id: tag('customer_id'),
      feature: tag('feature'),
      route: tag('route'),
      task_type: tag('task_type'),
      team: tag('team'),
      plan: tag('plan'),
      environment: tag('environment'),
      workspace_id: tag('workspace_id'),
      service: tag('service'),
      // The catalog's names where there is a price, so that the same model sent under two names is one row.
      provider: charge.status === 'priced' ? charge.provider : (call.provider ?? ''),
      model: charge.status === 'priced' ? charge.model : (call.model ?? ''),
      tier: call.tier,
      status: charge.status,
    },
    operation: call.operation,
    dialect: call.dialect,
    sentProvider: call.provider ?? '',
    sentModel: call.model ?? '',
    region: call.region ?? '',
    usageState: call.usageState,
    basis: usage.status === 'known' ? usage.basis : 'reported',
    counts: usage.status === 'known' ? usage.counts : {},
    charge,
    taskId: tag('task_id'),
    userId: tag('user_id'),
    sessionId: tag('session_id'),
    responseId: call.responseId ?? '',
    attempts: call.attempts,
    fallbackFrom: call.fallbackFrom ?? '',
    error: call.error ?? '',
    extra: tags.extra ?? {},
    adjustment: '',
  };
}
