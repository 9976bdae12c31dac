import { execFileSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Tests that preload or install the package need dist/: built again only when a source is newer. */
export default function setup(): void {
  const sources = globSync(['instrumentation/**', 'pricing/**', 'processor/**', 'build.ts', 'package.json'], {
    cwd: root,
  });
  const newest = Math.max(...sources.map((path) => statSync(join(root, path)).mtimeMs));
  const built = statSync(join(root, 'dist'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built < newest) execFileSync(process.execPath, ['build.ts'], { cwd: root, stdio: 'inherit' });
}
