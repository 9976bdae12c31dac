import type { Charge } from './charge.ts';
import { formatUsd } from './money.ts';

/** The one JSON shape of a charge: amounts and rates are exact decimal strings. */
export type ChargeJson =
  | {
      readonly status: 'priced';
      readonly amount_usd: string;
      readonly lines: readonly {
        readonly unit: string;
        readonly quantity: number;
        readonly rate_usd: string;
        readonly rate_usd_per_million: string;
        readonly amount_usd: string;
      }[];
      readonly price_id: string;
      readonly price_version: string;
      readonly source: string;
      readonly provider: string;
      readonly model: string;
    }
  | { readonly status: 'unpriced'; readonly reason: string; readonly detail: string };

/** @example chargeJson(book.price(query)) // { status: 'priced', amount_usd: '0.006525', … } */
export function chargeJson(charge: Charge): ChargeJson {
  if (charge.status === 'unpriced') return { status: 'unpriced', reason: charge.reason, detail: charge.detail };
  return {
    status: 'priced',
    amount_usd: formatUsd(charge.amount),
    lines: charge.lines.map(({ unit, quantity, rate, amount }) => ({
      unit,
      quantity,
      rate_usd: formatUsd(rate),
      rate_usd_per_million: formatUsd(rate * 1_000_000n),
      amount_usd: formatUsd(amount),
    })),
    price_id: charge.priceId,
    price_version: charge.priceVersion,
    source: charge.source,
    provider: charge.provider,
    model: charge.model,
  };
}
