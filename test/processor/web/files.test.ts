import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'processor/web');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const names = readdirSync(folder);
const html = read('index.html');

test('the page has nothing that its content security policy refuses', () => {
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)/i);
});

test.each(names)('%s names no other host than the reader’s own', (name) => {
  const hosts = [...read(name).matchAll(/\b(?:https?:)?\/\/([a-z0-9.-]+)/gi)].map(([, host]) => host);
  expect(hosts.filter((host) => host !== 'localhost' && host !== 'www.w3.org')).toEqual([]);
});

test.each(names)('%s makes no markup of data', (name) => {
  expect(read(name)).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/);
});

test('all modules are asked for at once, and what is asked for is there', () => {
  const linked = [...html.matchAll(/(?:href|src)="([^"#:]+)"/g)].map(([, name]) => name ?? '');
  const own = linked.filter((name) => !name.startsWith('vendor/'));
  expect(own.filter((name) => !names.includes(name))).toEqual([]);
  expect(names.filter((name) => name.endsWith('.js') && !own.includes(name))).toEqual([]);
});

test('the types that the comments give hold', () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.web.json')], { encoding: 'utf8' });
});
