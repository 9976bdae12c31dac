import type { Place, YamlReader } from './budgets/yaml.ts';
import { readEndpoint, readExisting, readOneOf } from './config-values.ts';

export interface PriceSettings {
  /** A folder of rate cards, absolute, as `prices import` writes it; undefined for the one that comes with the package. */
  readonly folder: string | undefined;
  /** With `daily`, models that nothing stood for yet are taken from the list by themselves; changes wait for approval. */
  readonly refresh: 'off' | 'daily';
  /** Where the list is; undefined for the one that its maintainers publish. */
  readonly list: string | undefined;
}

export const packagedPrices: PriceSettings = { folder: undefined, refresh: 'off', list: undefined };

const shape = { keys: ['folder', 'refresh', 'list'] } as const;

/** `prices`: which rate cards calls are charged by. */
export function readPrices(yaml: YamlReader, place: Place, inFolder: (path: string) => string): PriceSettings {
  const fields = yaml.fields(place, shape);
  const value = <T>(key: string, read: (text: string) => T): T | undefined => {
    const at = fields?.get(key);
    return at === undefined ? undefined : yaml.value(at, read);
  };
  const refresh = value('refresh', (text) => readOneOf(text, ['off', 'daily'] as const)) ?? 'off';
  const folder = value('folder', (text) => (refresh === 'daily' ? inFolder(text) : readExisting(inFolder(text))));
  if (refresh === 'daily' && !fields?.has('folder'))
    yaml.wrong(
      place,
      'refresh: "folder" is missing; the cards that come with the package are copied to it, and added to',
    );
  return { folder, refresh, list: value('list', readEndpoint) };
}
