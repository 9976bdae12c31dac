import type { Fields, Place, YamlReader } from './budgets/yaml.ts';
import { readPem } from './config-tls.ts';
import { readEndpoint, readOneOf, readSize } from './config-values.ts';
import type { ForwardTarget } from './exporters/index.ts';
import { compressions } from './exporters/otlp-http.ts';
import { signals } from './otlp/request.ts';

const keys = ['endpoint', 'signals', 'headers', 'compression', 'tls', 'spool'] as const;
const shapes = {
  one: { keys: ['name', ...keys], required: ['endpoint'] },
  several: { keys: ['name', ...keys], required: ['name', 'endpoint'] },
  tls: { keys: ['ca', 'cert', 'key'] },
  spool: { keys: ['directory', 'max_size', 'on_full'] },
} as const;
/** It is the name of a folder, too. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** One backend that is given without a name. */
export const ONLY = 'backend';

/** `forward`: one backend, or a list of them. */
export function readForward(
  yaml: YamlReader,
  place: Place,
  inFolder: (path: string) => string,
): readonly ForwardTarget[] {
  if (!yaml.isList(place)) return readTarget(yaml, place, yaml.fields(place, shapes.one), inFolder);
  const targets: ForwardTarget[] = [];
  for (const item of yaml.items(place) ?? [])
    for (const target of readTarget(yaml, item, yaml.fields(item, shapes.several), inFolder)) {
      if (targets.some(({ name }) => name === target.name)) yaml.wrong(item, `the name "${target.name}" is taken`);
      targets.push(target);
    }
  return targets;
}

function readTarget(
  yaml: YamlReader,
  place: Place,
  fields: Fields | undefined,
  inFolder: (path: string) => string,
): readonly ForwardTarget[] {
  const value = <T>(from: Fields | undefined, key: string, read: (text: string) => T): T | undefined => {
    const at = from?.get(key);
    return at === undefined ? undefined : yaml.value(at, read);
  };
  const below = (key: 'tls' | 'spool'): Fields | undefined => {
    const at = fields?.get(key);
    return at === undefined ? undefined : yaml.fields(at, shapes[key]);
  };
  const name = value(fields, 'name', readName) ?? ONLY;
  const endpoint = value(fields, 'endpoint', readEndpoint);
  const compression = value(fields, 'compression', (text) => readOneOf(text, compressions));
  const listed = fields?.get('signals');
  const wanted =
    listed === undefined
      ? undefined
      : yaml.items(listed)?.flatMap((item) => yaml.value(item, (text) => readOneOf(text, signals)) ?? []);
  const tls = below('tls');
  const pem = (key: string): string | undefined => value(tls, key, (path) => readPem(inFolder(path)));
  const [ca, cert, key] = [pem('ca'), pem('cert'), pem('key')];
  if (tls !== undefined && tls.has('cert') !== tls.has('key')) yaml.wrong(place, '"cert" and "key" go together');
  const spool = below('spool');
  const directory = value(spool, 'directory', inFolder);
  const maxBytes = value(spool, 'max_size', readSize);
  const onFull = value(spool, 'on_full', (text) => readOneOf(text, ['drop_oldest', 'refuse'] as const));
  const headers = readHeaders(yaml, fields?.get('headers'));
  if (endpoint === undefined) return [];
  return [
    {
      name,
      endpoint,
      headers,
      ...(wanted === undefined ? {} : { signals: wanted }),
      ...(compression === undefined ? {} : { compression }),
      ...(tls === undefined ? {} : { tls: { ca, cert, key } }),
      ...(spool === undefined
        ? {}
        : {
            spool: {
              ...(directory === undefined ? {} : { directory }),
              ...(maxBytes === undefined ? {} : { maxBytes }),
              ...(onFull === undefined ? {} : { onFull }),
            },
          }),
    },
  ];
}

function readName(text: string): string {
  if (!NAME.test(text)) throw new RangeError('a name has lower-case letters, digits, "-" and "_" only');
  return text;
}

/** Header names and values, as they are sent. */
export function readHeaders(yaml: YamlReader, place: Place | undefined): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (place === undefined) return headers;
  for (const [name, where] of yaml.entries(place) ?? []) headers[name] = yaml.text(where) ?? '';
  return headers;
}
