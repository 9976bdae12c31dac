/** What a standing folder of rate cards may take from a newer list by itself, and what somebody has to approve. */
import type { Provider } from '../catalog.ts';
import { readProviderFile } from '../catalog-file.ts';
import { diffCatalogs, type CardChange } from '../diff.ts';
import { appendCatalog, onlyAdditions } from './append.ts';
import { formatProviderFile, type ProviderFile } from './provider-file.ts';

export interface Refreshed {
  /** The standing cards and the models that nothing stood for yet. */
  readonly files: readonly ProviderFile[];
  readonly addedModels: readonly string[];
  /** Changes of standing cards: they would change what a call costs from that day on, so they wait. */
  readonly held: readonly CardChange[];
}

/**
 * Pure. A provider whose standing cards the list agrees with counts as checked on `day`, others as checked when they were.
 *
 * @param day ISO day of the list
 * @example refresh(standing, assemble({ genaiPrices }).files, '2026-12-01').held.length // 0
 */
export function refresh(standing: readonly ProviderFile[], fresh: readonly ProviderFile[], day: string): Refreshed {
  const added = onlyAdditions(standing, fresh);
  const whole = appendCatalog(standing, fresh, day).files;
  const [before, after, full] = [standing, added, whole].map(catalogOf);
  if (before === undefined || after === undefined || full === undefined) throw new TypeError('three catalogs');
  const held = diffCatalogs(after, full).cards;
  const told = new Set(fresh.map(({ provider }) => provider));
  const doubtful = new Set(held.map(({ card }) => card.slice(0, card.indexOf('/'))));
  const agrees = (file: ProviderFile): boolean =>
    told.has(file.provider) && !doubtful.has(file.provider) && file.checked < day;
  const files = added.map((file): ProviderFile => (agrees(file) ? checkedOn(file, day) : file));
  return { files, addedModels: diffCatalogs(before, after).addedModels, held };
}

function checkedOn(file: ProviderFile, day: string): ProviderFile {
  return { ...file, checked: day };
}

function catalogOf(files: readonly ProviderFile[]) {
  const providers = files.map((file): Provider => readProviderFile(`${file.provider}.json`, formatProviderFile(file)));
  return { version: '', checked: '', models: 0, providers };
}
