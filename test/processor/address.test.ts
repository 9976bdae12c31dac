import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { formatAddress, isLoopback, listen, parseAddress } from '../../processor/address.ts';

it.each([
  ['127.0.0.1:4318', { host: '127.0.0.1', port: 4318 }],
  [':4318', { host: '127.0.0.1', port: 4318 }],
  ['4318', { host: '127.0.0.1', port: 4318 }],
  ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
  ['[::1]:4318', { host: '::1', port: 4318 }],
  ['collector.local:4318', { host: 'collector.local', port: 4318 }],
  [' localhost:1 ', { host: 'localhost', port: 1 }],
  ['localhost', undefined],
  ['localhost:', undefined],
  ['::1:4318', undefined],
  ['[localhost]:4318', undefined],
  ['127.0.0.1:65536', undefined],
  ['http://127.0.0.1:4318', undefined],
  ['', undefined],
])('"%s"', (text, expected) => {
  expect(parseAddress(text)).toEqual(expected);
});

it.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.evil.example', false],
])('%s is loopback: %s', (host, loopback) => {
  expect(isLoopback({ host, port: 1 })).toBe(loopback);
});

it('writes what it reads', () => {
  for (const text of ['127.0.0.1:4318', '[::1]:4318']) {
    const address = parseAddress(text);
    expect(address && formatAddress(address)).toBe(text);
  }
});

it('names the setting and the variable where the address cannot be had', async () => {
  await expect(listen(createServer(), { host: '192.0.2.1', port: 0 }, 'page and API')).rejects.toMatchObject({
    code: 'address_in_use',
    message:
      "page and API: can't listen on 192.0.2.1:0: this machine has no such address; set listen.api in spanledger.yaml or SPANLEDGER_LISTEN_API to another address",
  });
});
