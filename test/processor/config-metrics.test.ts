import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, type Config } from '../../processor/config.ts';
import { temporaryFolder } from '../support/ledger.ts';

function load(text: string): Config {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'spanledger.yaml'), text);
  return loadConfig({ env: {}, cwd });
}

test('metrics.otlp', () => {
  expect(load('ledger: ./x.db').metrics).toBeUndefined();
  expect(load('metrics: { otlp: { endpoint: "http://localhost:4318/v1/metrics" } }').metrics).toEqual({
    endpoint: 'http://localhost:4318',
    headers: {},
    intervalMs: 60_000,
  });
  expect(
    load('metrics: { otlp: { endpoint: "https://otlp.example", interval: 15s, headers: { api-key: secret } } }')
      .metrics,
  ).toEqual({ endpoint: 'https://otlp.example', headers: { 'api-key': 'secret' }, intervalMs: 15_000 });
});

test.each([
  ['metrics: { otlp: {} }', '1:18: otlp: "endpoint" is missing'],
  ['metrics: { otlp: { endpoint: localhost } }', 'a URL such as http://localhost:4319 is needed'],
  ['metrics: { otlp: { endpoint: "http://h", interval: 10ms } }', '"10ms" is not a duration'],
  ['metrics: { otlp: { endpoint: "http://h", interval: 0s } }', 'an interval is between 1s and 1d'],
  ['metrics: { otlpp: {} }', '"otlpp" is unknown; did you mean "otlp"?'],
])('%s', (text, message) => {
  expect(() => load(text)).toThrow(message);
});
