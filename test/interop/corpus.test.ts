import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { corpusFigures, corpusReasons as reasons } from './corpus-figures.ts';

/**
 * Exchanges of real providers, recorded by other projects, replayed to the real client libraries in an application under
 * the preload: what the spans say is compared with the provider's own usage block. The recordings are not part of this
 * repository: `SPANLEDGER_CORPUS` names their folder, the player is beside it.
 */
const corpus = process.env['SPANLEDGER_CORPUS'];
const player = corpus === undefined ? undefined : resolve(corpus, '../checks/exchanges');
const there = player !== undefined && existsSync(join(player, 'run.mjs'));
const root = join(import.meta.dirname, '../..');

interface Row {
  readonly id: string;
  readonly exact: boolean;
  readonly why: readonly string[];
  readonly expected: { readonly kind: string };
}
interface Result {
  readonly total: { readonly exact: number; readonly of: number };
  readonly free: { readonly exact: number; readonly of: number };
  readonly skipped: readonly unknown[];
  readonly broken: number;
  readonly changed: number;
  readonly double: number;
  readonly deaths: readonly unknown[];
  readonly rows: readonly Row[];
}

if (!there)
  console.warn(
    'SKIPPED: recorded exchanges are not replayed (SPANLEDGER_CORPUS is not set, or the player is not beside it)',
  );

describe.skipIf(!there)('recorded exchanges, replayed to the real client libraries', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-corpus-'));
  const sdks = join(folder, 'current');

  beforeAll(() => {
    execFileSync('bash', [join(player as string, 'run.sh'), 'setup', folder, 'current'], { stdio: 'pipe' });
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
    });
    const [tarball] = JSON.parse(packed.slice(packed.indexOf('['))) as [{ filename: string }];
    const args = ['install', '--no-fund', '--no-audit', '--legacy-peer-deps', join(folder, tarball.filename)];
    execFileSync('npm', args, { cwd: sdks, stdio: 'pipe' });
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(['cjs', 'esm'])(
    '%s: every scored exchange is exact, or there is a reason',
    { timeout: 300_000 },
    (load) => {
      const out = join(folder, `${load}.json`);
      const args = [join(player as string, 'run.mjs'), '--sdks', sdks, '--preload', 'spanledger/instrumentation'];
      const run = spawnSync(process.execPath, [...args, '--load', load, '--out', out], { encoding: 'utf8' });
      expect(run.status, run.stderr).toBe(0);
      const result = JSON.parse(readFileSync(out, 'utf8')) as Result;
      const { total, free, skipped, broken, changed, double, deaths } = result;
      const counts = `${total.exact}/${total.of} exchanges exact, ${free.exact}/${free.of} free calls silent`;
      process.stdout.write(`${load}: ${counts}, ${skipped.length} refused by the library itself\n`);
      const failed = result.rows.filter(({ exact }) => !exact);
      const without = failed.filter(({ id }) => reasons[id.slice(-8)] === undefined);
      expect(without.map(({ id, why }) => [id, why])).toEqual([]);
      // A reason that no longer applies is not kept.
      expect(failed.map(({ id }) => id.slice(-8)).toSorted()).toEqual(Object.keys(reasons).toSorted());
      expect({ broken, changed, double, deaths }).toEqual({ broken: 0, changed: 0, double: 0, deaths: [] });
      // What docs/clients.md says.
      expect({ exact: total.exact, of: total.of, free: free.exact }).toEqual(corpusFigures);
    },
  );
});
