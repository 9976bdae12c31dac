/**
 * Builds dist/: plain JavaScript and declarations, the preload as a bundle (it starts with the user's application, where
 * every file that is read costs time), and the files that are read at run time.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const root = import.meta.dirname;

rmSync(`${root}/dist`, { recursive: true, force: true });
execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, '-p', `${root}/tsconfig.build.json`], {
  stdio: 'inherit',
});
for (const path of ['processor/bin.cjs', 'processor/web', 'pricing/catalog', 'instrumentation/preload.cjs'])
  if (existsSync(`${root}/${path}`)) cpSync(`${root}/${path}`, `${root}/dist/${path}`, { recursive: true });
if (existsSync(`${root}/instrumentation/register.ts`))
  await build({
    entryPoints: [`${root}/instrumentation/register.ts`],
    outfile: `${root}/dist/instrumentation/register.cjs`,
    bundle: true,
    platform: 'node',
    target: 'node22.18',
    format: 'cjs',
    external: ['@opentelemetry/api'],
    logLevel: 'warning',
  });
