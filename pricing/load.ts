/** Loads a folder of rate cards: at once where its index vouches for it, else read strictly, file by file. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog, Provider } from './catalog.ts';
import { CatalogError, readProviderFile } from './catalog-file.ts';

/** The catalog that comes with the package. */
export const catalogDirectory: string = join(import.meta.dirname, 'catalog');
export const indexFile = 'index.json';

/**
 * What `prices import` writes beside the files that it has read strictly: with the same content they need no second look,
 * and a program starts without parsing thousands of models that it will never meet.
 */
export interface CatalogIndex {
  readonly version: string;
  readonly checked: string;
  readonly models: number;
  readonly providers: readonly Omit<Provider, 'models'>[];
}

/**
 * Throws a CatalogError that lists every mistake of every file.
 *
 * @example loadCatalog(catalogDirectory).version // '2026-09-23.1f0c9a2b'
 */
export function loadCatalog(directory: string): Catalog {
  const files = readFiles(directory);
  const index = readIndex(directory);
  if (index?.version === versionOf(index?.checked ?? '', files)) return trusted(index, files);
  return readStrictly(files, directory);
}

/** Reads every file whatever an index says. Throws a CatalogError that lists every mistake of every file. */
export function loadStrictly(directory: string): Catalog {
  return readStrictly(readFiles(directory), directory);
}

/** The index that vouches for a catalog. */
export function indexOf({ version, checked, models, providers }: Catalog): CatalogIndex {
  return { version, checked, models, providers: providers.map(({ models: _models, ...head }) => head) };
}

type Files = ReadonlyMap<string, string>;

function readFiles(directory: string): Files {
  const names = readdirSync(directory).filter((name) => name.endsWith('.json') && name !== indexFile);
  return new Map(names.toSorted().map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}

function readIndex(directory: string): CatalogIndex | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, indexFile), 'utf8')) as CatalogIndex;
  } catch {
    // Without an index, or with a broken one, the files themselves are read.
    return undefined;
  }
}

/** The content names the version: the same cards always have the same one, and other cards never do. */
function versionOf(checked: string, files: Files): string {
  const hash = createHash('sha256');
  for (const [name, text] of files) hash.update(name).update('\0').update(text).update('\0');
  return `${checked}.${hash.digest('hex').slice(0, 8)}`;
}

function trusted(index: CatalogIndex, files: Files): Catalog {
  const providers = index.providers.map((head): Provider => {
    let models: Provider['models'] | undefined;
    const file = `${head.provider}.json`;
    return {
      ...head,
      get models() {
        return (models ??= readProviderFile(file, files.get(file) ?? '').models);
      },
    };
  });
  return { version: index.version, checked: index.checked, models: index.models, providers };
}

function readStrictly(files: Files, directory: string): Catalog {
  const providers: Provider[] = [];
  const problems: string[] = [];
  for (const [file, text] of files)
    try {
      const provider = readProviderFile(file, text);
      if (file !== `${provider.provider}.json`) problems.push(`${file}: is of "${provider.provider}"`);
      providers.push(provider);
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      problems.push(...error.problems);
    }
  const names = new Set(providers.map(({ provider }) => provider));
  for (const { provider, resells } of providers)
    for (const other of resells)
      if (!names.has(other)) problems.push(`${provider}.json: resells "${other}", which has no file`);
  if (files.size === 0) problems.push(`${directory}: no rate cards here`);
  if (problems.length > 0) throw new CatalogError(problems);
  const checked = providers.reduce((newest, provider) => (provider.checked > newest ? provider.checked : newest), '');
  const models = providers.reduce((sum, provider) => sum + provider.models.length, 0);
  return { version: versionOf(checked, files), checked, models, providers };
}
