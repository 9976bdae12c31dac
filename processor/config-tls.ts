import { readFileSync } from 'node:fs';
import type { Place, YamlReader } from './budgets/yaml.ts';
import { readExisting } from './config-values.ts';
import type { ServerTls } from './receivers/tls.ts';

const shape = { keys: ['cert', 'key', 'client_ca'], required: ['cert', 'key'] } as const;

/** `listen.tls`: what both OTLP listeners show their clients, and ask of them. */
export function readServerTls(
  yaml: YamlReader,
  place: Place,
  inFolder: (path: string) => string,
): ServerTls | undefined {
  const fields = yaml.fields(place, shape);
  const pem = (key: string): string | undefined => {
    const at = fields?.get(key);
    return at === undefined ? undefined : yaml.value(at, (path) => readPem(inFolder(path)));
  };
  const [cert, key, clientCa] = [pem('cert'), pem('key'), pem('client_ca')];
  return cert === undefined || key === undefined ? undefined : { cert, key, clientCa };
}

/** Throws a RangeError for a file that is none in PEM. */
export function readPem(path: string): string {
  const text = readFileSync(readExisting(path), 'utf8');
  if (!text.includes('-----BEGIN ')) throw new RangeError(`${path} is no PEM file`);
  return text;
}
