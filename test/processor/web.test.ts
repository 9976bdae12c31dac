import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webRouter } from '../../processor/web.ts';

const server = createServer(express().use(webRouter()));
beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => server.close());

/** As a browser sends it, but with the path and the bytes untouched by a client library. */
async function get(path: string, headers: Record<string, string> = {}) {
  const { port } = server.address() as AddressInfo;
  const sent = request({ port, path, headers, host: '127.0.0.1' }).end();
  const [response] = (await once(sent, 'response')) as [
    AsyncIterable<Uint8Array> & { statusCode: number; headers: IncomingHttpHeaders },
  ];
  const parts: Uint8Array[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) };
}

test('the page comes with a policy that lets it run nothing but its own files', async () => {
  const { status, headers, body } = await get('/');
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(headers['content-security-policy']).toMatch(/^default-src 'self'; .*frame-ancestors 'none'/);
  expect(headers['content-security-policy']).not.toMatch(/unsafe|\*|https?:|data:/);
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  expect(body.toString()).toContain('<!doctype html>');
});

test('what the browser has is not sent again', async () => {
  const { headers } = await get('/main.js');
  const again = await get('/main.js', { 'if-none-match': String(headers.etag) });
  expect([again.status, again.body.length, headers['cache-control']]).toEqual([304, 0, 'no-cache']);
});

test('packed and plain are the same file', async () => {
  const [packed, plain] = await Promise.all([get('/style.css', { 'accept-encoding': 'gzip' }), get('/style.css')]);
  expect([packed.headers['content-encoding'], plain.headers['content-encoding']]).toEqual(['gzip', undefined]);
  expect(gunzipSync(packed.body)).toEqual(plain.body);
});

test('the whole page is at most 100 KB on the wire, packed, and 300 KB plain', async () => {
  const { body: html } = await get('/');
  const linked = [...html.toString().matchAll(/(?:href|src)="([^"#:]+)"/g)].map(([, name]) => `/${name}`);
  const paths = ['/', '/vendor/uplot/uPlot.esm.js', ...new Set(linked)];
  const total = async (headers: Record<string, string>): Promise<number> =>
    (await Promise.all(paths.map((path) => get(path, headers)))).reduce((sum, { body }) => sum + body.length, 0);
  expect(await total({ 'accept-encoding': 'gzip' })).toBeLessThan(100_000);
  expect(await total({})).toBeLessThan(300_000);
});

test.each([
  '/../package.json',
  '/..%2fpackage.json',
  '/vendor/uplot/..%2f..%2fpackage.json',
  '/vendor/uplot/uPlot.d.ts',
  '/web.ts',
  '/.env',
])('%s is not served', async (path) => expect((await get(path)).status).toBe(404));
