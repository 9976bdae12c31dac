import { readFileSync } from 'node:fs';
import { ContractError, readContract } from '../pricing/contract-file.ts';
import { CatalogError, loadPriceBook, type PriceBook } from '../pricing/index.ts';
import type { Config } from './config.ts';
import { SpanledgerError } from './errors.ts';

/**
 * The price book that calls are charged by: the rate cards of the settings, with the contract over them where there is one.
 *
 * @throws SpanledgerError `invalid_config` with every mistake, one a line
 * @example openPrices(config).version // '2026-09-23.93ce88ea+contract.1f0c4a2b'
 */
export function openPrices({ contract, prices }: Pick<Config, 'contract' | 'prices'>): PriceBook {
  try {
    const read = contract === undefined ? undefined : readContract(contract, readFileSync(contract, 'utf8'));
    return loadPriceBook(prices.folder, read);
  } catch (error) {
    if (error instanceof ContractError || error instanceof CatalogError)
      throw new SpanledgerError('invalid_config', error.problems.join('\n'), { cause: error });
    throw error;
  }
}
