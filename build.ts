/**
 * Builds dist/: plain JavaScript and declarations, the preload as a bundle (it starts with the user's application, where
 * every file that is read costs time), and the files that are read at run time. Built aside and then renamed, so that a
 * program that starts meanwhile never finds half of it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = import.meta.dirname;
const instrumentation = `${root}/node_modules/@opentelemetry/instrumentation`;
const aside = `${root}/dist.${process.pid}`;
const copied = [
  'processor/bin.cjs',
  'processor/web',
  'pricing/catalog',
  'instrumentation/preload.cjs',
  'instrumentation/sdk-preload.cjs',
  'instrumentation/place.cjs',
];
// The exporter and the tokenizer are bundles of their own: they are loaded when they are needed, not with the application.
const bundled = ['register', 'export', 'tokenizer', 'last-gasp', 'sdk', 'guard'].map(
  (name) => `instrumentation/${name}.ts`,
);

/**
 * The SDK names at its start every exporter that a variable may ask for, and gRPC with them. Few are ever asked for, so each
 * is only run when it is first touched.
 */
const seldom = /^@opentelemetry\/(exporter-.*|otlp-grpc-exporter-base|configuration|propagator-b3)$/;
const loadedLate: Plugin = {
  name: 'loaded-late',
  setup(build) {
    build.onResolve({ filter: seldom }, ({ path, pluginData, importer }) =>
      pluginData === 'now' ? undefined : { path, namespace: 'late', pluginData: importer },
    );
    build.onLoad({ filter: /./, namespace: 'late' }, ({ path, pluginData }) => {
      const importer = String(pluginData);
      const names = Object.keys(createRequire(importer)(path) as object);
      const properties = names.map((name) => `get ${name}() { return require(${JSON.stringify(path)}).${name}; }`);
      return {
        contents: `module.exports = { ${properties.join(', ')} };`,
        resolveDir: dirname(importer),
        pluginData: 'now',
      };
    });
  },
};
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
      external: ['@opentelemetry/api', '@grpc/grpc-js'],
      // Four copies of it are installed, because others pin theirs.
      alias: path.endsWith('/sdk.ts') ? { '@opentelemetry/instrumentation': instrumentation } : {},
      plugins: path.endsWith('/sdk.ts') ? [loadedLate] : [],
      logLevel: 'warning',
      charset: 'utf8',
      // Names stay readable in stack traces; what is left out is space, of which the vocabularies have much.
      minifyWhitespace: /tokenizer|sdk/.test(path),
      legalComments: 'inline',
    });
  utimesSync(aside, started, started);
  rmSync(`${root}/dist`, { recursive: true, force: true });
  renameSync(aside, `${root}/dist`);
} finally {
  rmSync(aside, { recursive: true, force: true });
}
