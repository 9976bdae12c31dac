import type { ApiDeps } from '../../processor/api.ts';
import { catalogDirectory, loadCatalog } from '../../pricing/load.ts';
import { createPriceBook } from '../../pricing/price.ts';

const catalog = loadCatalog(catalogDirectory);
const book = createPriceBook(catalog);

/** What an API asks of prices: the real rate cards, checked on a day that tests know. */
export const apiPrices: ApiDeps['prices'] = {
  version: '2026.11.1',
  checked: '2026-11-23',
  models: 1_500,
  held: 0,
  price: (query) => book.price(query),
  catalog,
};
