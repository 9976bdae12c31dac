import { formatUsd } from '../../pricing/money.ts';
import type { Derivation, DerivationLine } from '../ledger.ts';

/** Where a figure comes from: quantity x rate a line; the lines sum to the total exactly. */
export function derivationJson({ lines, unpriced, total }: Derivation) {
  return {
    lines: lines.map((line) => ({
      provider: line.provider,
      model: line.model,
      card_provider: cardProvider(line),
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

/**
 * Whose rate card it is: a seller has other providers' models at their list price. '' for rates of a contract's own.
 *
 * @example cardProvider({ priceId: 'openai/gpt-4o@2024-10-02', source: 'list' }) // 'openai', of a call to Azure too
 */
export function cardProvider({ priceId, source }: Pick<DerivationLine, 'priceId' | 'source'>): string {
  if (source === 'contract' && !priceId.includes('+')) return '';
  return /^(?:reported\/)?([^/]+)\//.exec(priceId)?.[1] ?? '';
}
