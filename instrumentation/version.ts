import { readFileSync } from 'node:fs';
import { guarded } from './contain.ts';

/** The version in a package.json; `0.0.0` where that cannot be read. */
export function versionOf(packageJson: string): string {
  const text = guarded(() => (JSON.parse(readFileSync(packageJson, 'utf8')) as { readonly version?: string }).version);
  return text ?? '0.0.0';
}
