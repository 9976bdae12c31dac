import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import express from 'express';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Figures and customers' names are on the page, so it runs nothing but its own files, asks nobody but its own origin, sits
 * in nobody's frame, and can't turn a string into markup even by mistake (trusted types).
 */
const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Asked again each time, answered with 304: after an upgrade nobody sees half of the old page.
  'Cache-Control': 'no-cache',
  Vary: 'Accept-Encoding',
};

/**
 * Serves the page at `/` and the charting library at `/vendor/uplot/`. The files are read once, and only what was read can
 * be asked for: a path never reaches the disk. Throws when a file is missing, since then the installation is broken.
 *
 * @example express().use(webRouter()).listen(9464, '127.0.0.1');
 */
export function webRouter(): express.Router {
  const router = express.Router();
  const own = join(import.meta.dirname, 'web');
  for (const name of readdirSync(own)) if (types[extname(name)] !== undefined) serve(`/${name}`, join(own, name));
  serve('/', join(own, 'index.html'));
  const uplot = dirname(fileURLToPath(import.meta.resolve('uplot/dist/uPlot.esm.js')));
  for (const name of ['uPlot.esm.js', 'uPlot.min.css']) serve(`/vendor/uplot/${name}`, join(uplot, name));
  return router;

  function serve(path: string, file: string): void {
    const plain = readFileSync(file);
    const etag = `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
    let packed: Buffer | undefined;
    router.get(path, (request, response) => {
      response
        .set(headers)
        .set('Content-Type', types[extname(basename(file))])
        .set('ETag', etag);
      if (request.acceptsEncodings('gzip') === false) response.send(plain);
      else response.set('Content-Encoding', 'gzip').send((packed ??= gzipSync(plain, { level: 9 })));
    });
  }
}
