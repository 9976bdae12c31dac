/** Exact prices of LLM calls: `loadPriceBook().price(query)`. */
import { withContract, type Contract } from './contract.ts';
import { catalogDirectory, loadCatalog } from './load.ts';
import { createPriceBook, type PriceBook } from './price.ts';

/**
 * The price book of the catalog that comes with the package, or of another folder of rate cards; with a contract over it
 * where there is one (`readContract` of `contract-file.ts`). Throws a CatalogError that
 * lists every mistake.
 *
 * @example
 * const usage = fromInclusive({ input: 1250, output: 340 }, 'reported');
 * const charge = loadPriceBook().price({ provider: 'openai', model: 'gpt-4o', at: Date.now() * 1000, tier: 'standard', region: undefined, usage });
 * if (charge.status === 'priced') formatUsd(charge.amount); // '0.006525'
 */
export function loadPriceBook(directory: string = catalogDirectory, contract?: Contract): PriceBook {
  const book = createPriceBook(loadCatalog(directory));
  return contract === undefined ? book : withContract(book, contract);
}

export { CatalogError } from './catalog-file.ts';
export { chargeJson, type ChargeJson } from './charge-json.ts';
export type * from './charge.ts';
export type { Contract } from './contract.ts';
export { displayUsd, formatUsd, parseUsd, roundUsd, toNumberUsd, USD, type FemtoUsd } from './money.ts';
export { providerName } from './model-id.ts';
export type { PriceBook } from './price.ts';
export { compareReported, type Compared } from './reported.ts';
export * from './usage/blocks/index.ts';
export { isUnit, unitNames, units, type Unit } from './usage/units.ts';
export { fromDisjoint, fromInclusive, inputTokens, outputTokens } from './usage/usage.ts';
export type { Basis, Counts, InclusiveTotals, Usage, UsageState } from './usage/usage.ts';
