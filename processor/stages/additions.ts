import type { Charge } from '../../pricing/charge.ts';
import { toNumberUsd } from '../../pricing/money.ts';
import { units } from '../../pricing/usage/units.ts';
import type { Additions, TraceRequest } from '../otlp/request.ts';

/** Every attribute that we may set; what does not apply is taken away, so that nothing stale stays beside it. */
const none = {
  'spanledger.cost.usd': null,
  'spanledger.cost.input_usd': null,
  'spanledger.cost.output_usd': null,
  'spanledger.cost.other_usd': null,
  'spanledger.cost.status': null,
  'spanledger.cost.reason': null,
  'spanledger.cost.source': null,
  'spanledger.price.id': null,
  'spanledger.price.version': null,
} as const satisfies Additions;

/**
 * What is spliced into the span of a call, from the charge in the ledger: a resend gets the same bytes as the first time.
 * The doubles are for people and panels; the ledger holds the exact figure.
 */
export function additionsFor(charge: Charge): Additions {
  if (charge.status === 'unpriced')
    return { ...none, 'spanledger.cost.status': 'unpriced', 'spanledger.cost.reason': charge.reason };
  const parts = { input: 0n, output: 0n, other: 0n };
  for (const line of charge.lines) parts[units[line.unit].direction] += line.amount;
  return {
    ...none,
    'spanledger.cost.usd': toNumberUsd(charge.amount),
    'spanledger.cost.input_usd': toNumberUsd(parts.input),
    'spanledger.cost.output_usd': toNumberUsd(parts.output),
    'spanledger.cost.other_usd': toNumberUsd(parts.other),
    'spanledger.cost.status': 'priced',
    'spanledger.cost.source': charge.source,
    'spanledger.price.id': charge.priceId,
    'spanledger.price.version': charge.priceVersion,
  };
}

/** For a span that repeats the usage of its children, and is not charged. */
export const aggregateAdditions: Additions = { ...none, 'spanledger.cost.status': 'aggregate' };

/** The request without anything that we add: as it was sent to us, unless it came with such attributes of its own. */
export function withoutAdditions(request: TraceRequest): Uint8Array {
  const ours = Object.keys(none);
  const enriched = request.spans.filter(({ attributes }) => ours.some((key) => attributes.has(key)));
  return request.splice(new Map(enriched.map((span) => [span, none])));
}

/** For a span of a call that another span tells as well. */
export const nestedAdditions: Additions = { ...none, 'spanledger.cost.status': 'nested' };
