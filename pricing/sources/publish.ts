/** Writes a catalog: the provider files and the index that vouches for them. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '../catalog.ts';
import { indexFile, indexOf, loadStrictly } from '../load.ts';
import { formatProviderFile, type ProviderFile } from './provider-file.ts';

/**
 * Writes the files aside, reads them strictly, and only then takes the old ones' place: a running program finds either the
 * whole old catalog or the whole new one. Throws a CatalogError that lists every mistake, and changes nothing then.
 *
 * @example publishCatalog([...files.values()], 'pricing/catalog').version // '2026-09-23.1f0c9a2b'
 */
export function publishCatalog(files: readonly ProviderFile[], directory: string): Catalog {
  const aside = `${directory}.${process.pid}`;
  mkdirSync(aside, { recursive: true });
  try {
    for (const file of files) writeFileSync(join(aside, `${file.provider}.json`), formatProviderFile(file));
    const catalog = loadStrictly(aside);
    writeFileSync(join(aside, indexFile), `${JSON.stringify(indexOf(catalog), undefined, 2)}\n`);
    mkdirSync(directory, { recursive: true });
    const kept = new Set(readdirSync(aside));
    // The index goes first, so that nobody trusts a half-written folder, and comes back last.
    rmSync(join(directory, indexFile), { force: true });
    for (const name of readdirSync(directory))
      if (name.endsWith('.json') && !kept.has(name)) rmSync(join(directory, name));
    for (const name of [...kept].filter((name) => name !== indexFile))
      renameSync(join(aside, name), join(directory, name));
    renameSync(join(aside, indexFile), join(directory, indexFile));
    return catalog;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
