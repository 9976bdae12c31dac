/** The folder of rate cards that stands, as files that importers add to. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { indexFile, loadStrictly } from '../load.ts';
import type { ProviderFile } from './provider-file.ts';

/** Throws a CatalogError that lists every mistake. @example readStanding('prices').map(({ provider }) => provider) */
export function readStanding(folder: string): ProviderFile[] {
  // Read strictly first, so that what follows can rely on the shape.
  loadStrictly(folder);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== indexFile);
  return names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProviderFile);
}
