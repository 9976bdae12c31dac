/**
 * Builds dist/: plain JavaScript and declarations, the preload as a bundle (it starts with the user's application, where
 * every file that is read costs time), and the files that are read at run time. Built aside and then renamed, so that a
 * program that starts meanwhile never finds half of it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { build } from 'esbuild';

const root = import.meta.dirname;
const aside = `${root}/dist.${process.pid}`;
const copied = [
  'processor/bin.cjs',
  'processor/web',
  'pricing/catalog',
  'instrumentation/preload.cjs',
  'instrumentation/place.cjs',
];
// The exporter and the tokenizer are bundles of their own: they are loaded when they are needed, not with the application.
const bundled = ['register', 'export', 'tokenizer', 'last-gasp'].map((name) => `instrumentation/${name}.ts`);
const started = new Date();

try {
  const tsc = [`${root}/node_modules/typescript/bin/tsc`, '-p', `${root}/tsconfig.build.json`, '--outDir', aside];
  execFileSync(process.execPath, tsc, { stdio: 'inherit' });
  for (const path of copied)
    if (existsSync(`${root}/${path}`)) cpSync(`${root}/${path}`, `${aside}/${path}`, { recursive: true });
  for (const path of bundled.filter((path) => existsSync(`${root}/${path}`)))
    await build({
      entryPoints: [`${root}/${path}`],
      outfile: `${aside}/${path.replace(/\.ts$/, '.cjs')}`,
      bundle: true,
      platform: 'node',
      target: 'node22.18',
      format: 'cjs',
      external: ['@opentelemetry/api'],
      logLevel: 'warning',
      charset: 'utf8',
      // Names stay readable in stack traces; what is left out is space, of which the vocabularies have much.
      minifyWhitespace: path.includes('tokenizer'),
      legalComments: 'inline',
    });
  utimesSync(aside, started, started);
  rmSync(`${root}/dist`, { recursive: true, force: true });
  renameSync(aside, `${root}/dist`);
} finally {
  rmSync(aside, { recursive: true, force: true });
}
