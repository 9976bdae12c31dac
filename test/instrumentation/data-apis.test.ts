import { describe, expect, test } from 'vitest';
import { findDataApi, readDataApis } from '../../instrumentation/data-apis.ts';
import { readSettings } from '../../instrumentation/settings.ts';
import { readContract } from '../../pricing/contract-file.ts';
import { formatUsd, fromDisjoint, loadPriceBook } from '../../pricing/index.ts';
import { appFile, byTask, runApp } from './run-app.ts';

describe('SPANLEDGER_DATA_APIS', () => {
  test('what cannot be read is named, the rest counts', () => {
    const { apis, unread } = readDataApis('a.example/x=1, b.example=2 ,c.example/y=header:,d.example/z=body:u.credits');
    expect(apis.map(({ host, path, credits }) => [host, path, credits])).toEqual([
      ['a.example', '/x', { from: 'rule', count: 1 }],
      ['d.example', '/z', { from: 'body', path: ['u', 'credits'] }],
    ]);
    expect(unread).toEqual(['b.example=2', 'c.example/y=header:']);
    expect(readSettings({ SPANLEDGER_DATA_APIS: 'b.example=2' }).mistakes).toEqual([
      expect.stringContaining('SPANLEDGER_DATA_APIS: "b.example=2" can\'t be read'),
    ]);
  });

  test.each([
    ['https://api.example/v1/search', '/v1/search'],
    ['https://api.example/v1/search/news?q=1', '/v1/search*'],
    ['https://api.example/v1/other', '/v1/*'],
    ['https://api.example/a/7/b/8/c', '/a/*/b/*'],
    ['https://api.example/v2', undefined],
    ['https://other.example/v1/search', undefined],
    ['https://api.example:8443/v1/search', '/v1/search'],
  ])('%s is %s', (url, path) => {
    const { apis } = readDataApis(
      ['/v1/*', '/v1/search', '/v1/search*', '/a/*/b/*'].map((p) => `api.example${p}=1`).join(),
    );
    expect(findDataApi(apis, new URL(url))?.path).toBe(path);
  });
});

test('credits by header, by a field of the answer and by rule are calls, priced by the contract', async () => {
  const rules = ['/v1/search*=header:x-credits-used', '/scrape/*=body:usage.credits', '/geocode=2'];
  const env = { SPANLEDGER_DATA_APIS: rules.map((rule) => `127.0.0.1${rule}`).join() };
  const [plain, recorded] = await Promise.all([
    runApp({ app: appFile('data.mjs'), flags: [] }),
    runApp({ app: appFile('data.mjs'), env }),
  ]);
  expect(recorded.code).toBe(0);
  expect(recorded.stdout).toBe(plain.stdout);
  const contract = readContract(
    'contract.yaml',
    `data_apis:
  - { host: 127.0.0.1, path: '/v1/search*', unit: credit, rate: 0.004 }
  - { host: 127.0.0.1, path: '/scrape/*', unit: credit, rate: 0.001 }
  - { host: 127.0.0.1, path: /geocode, unit: credit, rate: 0.0005 }
`,
  );
  const book = loadPriceBook(undefined, contract);
  const seen = [...byTask(recorded.spans)].map(([task, spans]) => {
    expect(spans).toHaveLength(1);
    const { attributes, name } = spans[0]!;
    expect(JSON.stringify(attributes)).not.toContain('secret');
    const [provider, model] = ['gen_ai.provider.name', 'gen_ai.request.model'].map((key) => attributes[key] as string);
    const credit = attributes['spanledger.usage.credit'] as number | undefined;
    const usage = fromDisjoint({ credit }, 'reported');
    const charge = book.price({
      provider,
      model: model ?? '',
      at: Date.now() * 1000,
      tier: 'standard',
      region: undefined,
      usage,
    });
    const usd = charge.status === 'priced' && credit !== undefined ? formatUsd(charge.amount) : undefined;
    return [task, name, attributes['spanledger.usage.state'], credit, usd, attributes['error.type']];
  });
  expect(seen).toEqual([
    ['/v1/search/news', 'data_api /v1/search*', 'reported', 3, '0.012', undefined],
    ['/v1/search/refused', 'data_api /v1/search*', 'reported', 1, '0.004', '429'],
    ['/v1/search/silent', 'data_api /v1/search*', 'absent', undefined, undefined, undefined],
    ['/scrape/customer-42', 'data_api /scrape/*', 'reported', 5, '0.005', undefined],
    ['/geocode', 'data_api /geocode', 'reported', 2, '0.001', undefined],
  ]);
});
