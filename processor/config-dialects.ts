import type { Fields, Place, YamlReader } from './budgets/yaml.ts';
import { tagNames } from './call.ts';
import { readOneOf } from './config-values.ts';
import { houseCounts, houseFields, type HouseCount, type HouseDialect } from './dialects/house.ts';
import { dialects } from './dialects/index.ts';

const shapes = {
  dialect: {
    keys: ['name', 'scope', 'where', 'kind', 'fields', 'defaults', 'usage', 'input', 'output', 'tags'],
    required: ['name', 'usage'],
  },
  fields: { keys: houseFields },
  defaults: { keys: ['model', 'provider', 'operation'] },
  usage: { keys: Object.keys(houseCounts) },
  tags: { keys: tagNames },
} as const;

/** A reader finds its dialects by the bits of one number, of which ours take most. */
const MOST = 31 - dialects.length;
const PLAIN = /^[a-z][a-z0-9-]{0,39}$/;

/** `dialects`: conventions of one's own, each a table from our names to attributes. They are asked before all but ours. */
export function readHouseDialects(yaml: YamlReader, place: Place): readonly HouseDialect[] {
  const items = yaml.items(place) ?? [];
  if (items.length > MOST) yaml.wrong(place, `there are ${items.length}; at most ${MOST} are possible`);
  const taken = new Set(dialects.map(({ name }) => name));
  return items.flatMap((item) => {
    const fields = yaml.fields(item, shapes.dialect);
    const dialect = fields && readDialect(yaml, item, fields, taken);
    return dialect === undefined ? [] : [dialect];
  });
}

function readDialect(yaml: YamlReader, item: Place, fields: Fields, taken: Set<string>): HouseDialect | undefined {
  const value = <T>(key: string, read: (text: string) => T): T | undefined => {
    const at = fields.get(key);
    return at === undefined ? undefined : yaml.value(at, read);
  };
  const name = value('name', (text) => readName(text, taken));
  const usage = readTable(yaml, fields.get('usage'), shapes.usage) as Partial<Record<HouseCount, string>>;
  const usagePlace = fields.get('usage');
  if (usagePlace !== undefined && usage.input === undefined && usage.output === undefined && usage.total === undefined)
    yaml.wrong(usagePlace, 'an attribute for "input" or "output" is needed, else there is nothing to charge');
  const scope = value('scope', readWord);
  const kind = value('kind', (text) => readOneOf(text, ['call', 'aggregate'] as const)) ?? 'call';
  const meaning = ['inclusive', 'exclusive'] as const;
  const input = value('input', (text) => readOneOf(text, meaning));
  // Which of the two it is decides what the cache costs: it is not guessed where it matters.
  if (input === undefined && !fields.has('input') && (usage.cache_read ?? usage.cache_write) !== undefined)
    yaml.wrong(
      item,
      '"input" is missing: does the input include what came from the cache (inclusive) or not (exclusive)?',
    );
  const dialect = {
    scope,
    kind,
    usage,
    where: readWhere(yaml, fields.get('where')),
    fields: readTable(yaml, fields.get('fields'), shapes.fields),
    defaults: readTable(yaml, fields.get('defaults'), shapes.defaults),
    input: input ?? 'inclusive',
    output: value('output', (text) => readOneOf(text, meaning)) ?? 'inclusive',
    tags: readTable(yaml, fields.get('tags'), shapes.tags),
  };
  return name === undefined ? undefined : { name, ...dialect };
}

function readTable(
  yaml: YamlReader,
  place: Place | undefined,
  shape: { readonly keys: readonly string[] },
): Readonly<Record<string, string>> {
  const fields = place === undefined ? undefined : yaml.fields(place, shape);
  return readEntries(yaml, fields);
}

function readWhere(yaml: YamlReader, place: Place | undefined): Readonly<Record<string, string>> {
  return readEntries(yaml, place === undefined ? undefined : yaml.entries(place));
}

function readEntries(yaml: YamlReader, fields: Fields | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...(fields ?? [])].flatMap(([key, at]) => {
      const word = yaml.value(at, readWord);
      return word === undefined ? [] : [[key, word]];
    }),
  );
}

function readWord(text: string): string {
  if (text === '' || text.length > 256) throw new RangeError('a name of 1 to 256 characters is needed');
  return text;
}

function readName(text: string, taken: Set<string>): string {
  if (!PLAIN.test(text)) throw new RangeError(`"${text}" is not a name such as acme-llm`);
  if (taken.has(text)) throw new RangeError(`there is a dialect "${text}" already`);
  taken.add(text);
  return text;
}
