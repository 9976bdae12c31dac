import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of this package, whether it runs from the sources or from dist/. */
export function packageVersion(): string {
  const path = ['..', '../..']
    .map((up) => join(import.meta.dirname, up, 'package.json'))
    .find((file) => existsSync(file));
  const { version } = JSON.parse(readFileSync(path ?? 'package.json', 'utf8')) as { version: string };
  return version;
}
