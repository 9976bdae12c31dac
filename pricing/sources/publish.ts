/** Writes a catalog: the provider files and the index that vouches for them. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '../catalog.ts';
import { indexFile, indexOf, loadStrictly } from '../load.ts';
import { formatProviderFile, type ProviderFile } from './provider-file.ts';

/**
 * Writes the files aside, reads them strictly, and only then takes the old ones' place, the index last: who reads meanwhile
 * finds no index, or one that does not fit, and reads every file strictly. Throws a CatalogError that lists every mistake,
 * and changes nothing then.
 *
 * @example publishCatalog(files, 'prices').version // '2026-09-23.1f0c9a2b'
 */
export function publishCatalog(files: readonly ProviderFile[], directory: string): Catalog {
  return withStaged(files, directory, (catalog, aside) => {
    writeFileSync(join(aside, indexFile), `${JSON.stringify(indexOf(catalog), undefined, 2)}\n`);
    mkdirSync(directory, { recursive: true });
    const fresh = new Set(readdirSync(aside));
    rmSync(join(directory, indexFile), { force: true });
    for (const name of readdirSync(directory))
      if (name.endsWith('.json') && !fresh.has(name)) rmSync(join(directory, name));
    for (const name of [...fresh].filter((name) => name !== indexFile))
      renameSync(join(aside, name), join(directory, name));
    renameSync(join(aside, indexFile), join(directory, indexFile));
    return catalog;
  });
}

/** Uses a catalog as it would be when published, beside the folder where it would be; nothing of it stays. */
export function withStaged<T>(
  files: readonly ProviderFile[],
  directory: string,
  use: (catalog: Catalog, aside: string) => T,
): T {
  const aside = `${directory.replace(/\/+$/, '')}.${process.pid}`;
  mkdirSync(aside, { recursive: true });
  try {
    for (const file of files) writeFileSync(join(aside, `${file.provider}.json`), formatProviderFile(file));
    return use(loadStrictly(aside), aside);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
