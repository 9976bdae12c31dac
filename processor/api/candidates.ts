import type { Catalog } from '../../pricing/catalog.ts';
import type { ChargeLine, Micros } from '../../pricing/charge.ts';
import { formatUsd } from '../../pricing/money.ts';
import type { PriceBook } from '../../pricing/price.ts';
import { cheaperModels, type Use } from '../candidates/candidates.ts';
import type { CostRow, LedgerReader } from '../ledger.ts';
import type { CandidatesParams } from './params.ts';
import { newestCalls, tokensOf } from './sample.ts';
import { isoTime } from './time.ts';

export interface CandidateSources {
  readonly ledger: Pick<LedgerReader, 'costs' | 'entries'>;
  readonly prices: Pick<PriceBook, 'price' | 'version'> & { readonly catalog: Pick<Catalog, 'providers'> };
}

/** For each feature and the model that it uses: cheaper models whose context holds its calls, what saves most first. */
export async function candidatesJson({ ledger, prices }: CandidateSources, query: CandidatesParams, now: Micros) {
  const [rows, sample] = await Promise.all([
    ledger.costs({ ...query, by: ['feature', 'provider', 'model', 'status'] }),
    newestCalls(ledger, query),
  ]);
  const largest = new Map<string, number>();
  for (const entry of sample) {
    const key = keyOf(entry.dimensions);
    largest.set(key, Math.max(largest.get(key) ?? 0, tokensOf(entry)));
  }
  const priced = rows.filter(({ values }) => values.status === 'priced');
  const answers = priced.map((row) => {
    const use = useOf(row, largest.get(keyOf(row.values)));
    const found = cheaperModels(use, { catalog: prices.catalog, prices, now });
    return { use, feature: row.values.feature ?? '', found };
  });
  const saving = ({ use, found }: (typeof answers)[number]): bigint => use.cost - (found[0]?.cost ?? use.cost);
  const sorted = answers.toSorted((a, b) => {
    const [left, right] = [saving(a), saving(b)];
    return left === right ? (a.use.cost > b.use.cost ? -1 : 1) : left > right ? -1 : 1;
  });
  return {
    from: isoTime(query.from),
    to: isoTime(query.to),
    price_version: prices.version,
    looked_at: sample.length,
    rows: sorted.slice(0, query.top ?? sorted.length).map(({ use, feature, found }) => ({
      feature,
      provider: use.provider,
      model: use.model,
      calls: use.calls,
      cost_usd: formatUsd(use.cost),
      input_tokens: use.inputTokens,
      output_tokens: use.outputTokens,
      largest_tokens: use.largest ?? null,
      candidates: found.slice(0, query.limit).map(({ provider, model, contextWindow, priceId, cost, lines }) => ({
        provider,
        model,
        price_id: priceId,
        context_window: contextWindow,
        cost_usd: formatUsd(cost),
        saving_usd: formatUsd(use.cost - cost),
        lines: lines.map(lineJson),
      })),
    })),
  };
}

function useOf({ values, calls, cost, inputTokens, outputTokens }: CostRow, largest: number | undefined): Use {
  const { provider = '', model = '' } = values;
  return { provider, model, calls, cost, inputTokens, outputTokens, largest };
}

function lineJson({ unit, quantity, rate, amount }: ChargeLine) {
  return {
    unit,
    quantity,
    rate_usd: formatUsd(rate),
    rate_usd_per_million: formatUsd(rate * 1_000_000n),
    amount_usd: formatUsd(amount),
  };
}

function keyOf({ feature, provider, model }: CostRow['values']): string {
  return JSON.stringify([feature, provider, model]);
}
