import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** Installs what `npm pack` makes of the repository in `folder`, beside `packages`, as a user would. */
export function installPacked(folder: string, packages: readonly string[]): void {
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  const [tarball] = JSON.parse(packed.slice(packed.indexOf('['))) as [{ filename: string }];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true }));
  const flags = ['--no-fund', '--no-audit'];
  execFileSync('npm', ['install', ...flags, join(folder, tarball.filename), ...packages], {
    cwd: folder,
    stdio: 'pipe',
  });
}
