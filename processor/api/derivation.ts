import { formatUsd } from '../../pricing/money.ts';
import type { Derivation } from '../ledger.ts';

/** Where a figure comes from: quantity x rate a line; the lines sum to the total exactly. */
export function derivationJson({ lines, unpriced, total }: Derivation) {
  return {
    lines: lines.map((line) => ({
      provider: line.provider,
      model: line.model,
      price_id: line.priceId,
      price_version: line.priceVersion,
      source: line.source,
      unit: line.unit,
      quantity: line.quantity,
      calls: line.calls,
      rate_usd: formatUsd(line.rate),
      rate_usd_per_million: formatUsd(line.rate * 1_000_000n),
      amount_usd: formatUsd(line.amount),
    })),
    unpriced: unpriced.map((line) => ({
      provider: line.provider,
      model: line.model,
      reason: line.reason,
      calls: line.calls,
      input_tokens: line.inputTokens,
      output_tokens: line.outputTokens,
    })),
    total_usd: formatUsd(total),
  };
}
