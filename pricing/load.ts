import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog, Provider } from './catalog.ts';
import { CatalogError, readProviderFile } from './catalog-file.ts';

/** The catalog that comes with the package. */
export const catalogDirectory: string = join(import.meta.dirname, 'catalog');

/**
 * Reads all provider files of a folder. Throws a CatalogError that lists every mistake of every file.
 *
 * @example loadCatalog(catalogDirectory).version // '2026-09-23.1f0c9a2b'
 */
export function loadCatalog(directory: string): Catalog {
  const providers: Provider[] = [];
  const problems: string[] = [];
  const hash = createHash('sha256');
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  for (const file of files.toSorted()) {
    const text = readFileSync(join(directory, file), 'utf8');
    hash.update(file).update('\0').update(text).update('\0');
    try {
      providers.push(readProviderFile(file, text));
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      problems.push(...error.problems);
    }
  }
  const names = new Set(providers.map(({ provider }) => provider));
  for (const { provider, resells } of providers)
    for (const other of resells)
      if (!names.has(other)) problems.push(`${provider}.json: resells "${other}", which has no file`);
  if (providers.length === 0 && problems.length === 0) problems.push(`${directory}: no rate cards here`);
  if (problems.length > 0) throw new CatalogError(problems);
  const checked = newestCheck(providers);
  // The content names the version: the same cards always have the same one, and other cards never do.
  return { version: `${checked}.${hash.digest('hex').slice(0, 8)}`, checked, providers };
}

function newestCheck(providers: readonly Provider[]): string {
  return providers.reduce((newest, { checked }) => (checked > newest ? checked : newest), '');
}
