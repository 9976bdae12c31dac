/** A real folder of rate cards, and a real list over HTTP. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { Charge } from '../../pricing/charge.ts';
import { fromDisjoint } from '../../pricing/index.ts';
import { publishCatalog } from '../../pricing/sources/publish.ts';
import type { Config } from '../../processor/config.ts';
import { openLivePrices, type LivePrices } from '../../processor/live-prices.ts';
import { temporaryFolder } from '../support/ledger.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');

function open(prices: Partial<Config['prices']>, contract?: string) {
  const lines: { msg: string; [key: string]: unknown }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const config = { contract, prices: { folder: undefined, refresh: 'off' as const, list: undefined, ...prices } };
  const live = openLivePrices({ config, log, now: () => NOW });
  onTestFinished(() => live.stop());
  return { live, lines };
}

function price(live: LivePrices, model: string, provider = 'acme'): Charge {
  const usage = fromDisjoint({ input: 1_000_000 }, 'reported');
  return live.price({ provider, model, at: NOW * 1000, tier: 'standard', region: undefined, usage });
}

function publish(folder: string, input: string): string {
  const model = { model: 'a', match: [], cards: [{ rates: { input } }] };
  const head = { provider: 'acme', name: 'Acme', checked: '2026-11-01', sources: ['https://acme.example'] };
  return publishCatalog([{ ...head, claims: [], resells: [], inherits: {}, models: [model] }], folder).version;
}

async function serve(list: unknown): Promise<string> {
  const server = createServer((_request, response) => response.end(JSON.stringify(list))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.json`;
}

it('reads a newly published folder when told to; each charge says which version priced it', () => {
  const folder = join(temporaryFolder(), 'prices');
  const first = publish(folder, '1');
  const { live } = open({ folder });
  expect(price(live, 'a')).toMatchObject({ amount: 10n ** 15n, priceVersion: first });
  const second = publish(folder, '2');
  expect(price(live, 'a')).toMatchObject({ priceVersion: first });
  live.reload();
  expect(price(live, 'a')).toMatchObject({ amount: 2n * 10n ** 15n, priceVersion: second });
  expect(live.version).toBe(second);
});

it('keeps the old prices where the new ones are wrong, and says in the log what is', () => {
  const folder = join(temporaryFolder(), 'prices');
  const contract = join(folder, '..', 'contract.yaml');
  const version = publish(folder, '1');
  writeFileSync(contract, '');
  const { live, lines } = open({ folder }, contract);
  const before = price(live, 'a');
  writeFileSync(contract, 'terms: [{ provider: acme, discuont: 10% }]');
  live.reload();
  expect(price(live, 'a')).toEqual(before);
  expect(lines.at(-1)?.msg).toContain(version);
  expect(JSON.stringify(lines.at(-1))).toContain('contract.yaml:1:');
});

it('says a word about old cards', () => {
  const folder = join(temporaryFolder(), 'prices');
  publishCatalog(
    [
      {
        provider: 'acme',
        name: 'Acme',
        checked: '2026-08-01',
        sources: ['https://acme.example'],
        claims: [],
        resells: [],
        inherits: {},
        models: [{ model: 'a', match: [], cards: [{ rates: { input: '1' } }] }],
      },
    ],
    folder,
  );
  expect(open({ folder }).lines).toMatchObject([{ level: 40, checked: '2026-08-01', age_days: 116 }]);
});

it('takes new models from the list, and holds changed rates', async () => {
  const provider = (id: string, models: readonly unknown[] = []) => ({ id, name: id, pricing_urls: [], models });
  const model = (id: string, input: number) => ({
    id,
    match: { equals: id },
    prices: { input_mtok: input, output_mtok: 1 },
  });
  const list = await serve([provider('openai', [model('gpt-4.1-nano', 99), model('gpt-99', 7)])]);
  const folder = join(temporaryFolder(), 'prices');
  const { live, lines } = open({ folder, refresh: 'daily', list });
  const before = price(live, 'gpt-4.1-nano', 'openai');
  await live.refresh();
  expect(price(live, 'gpt-99', 'openai')).toMatchObject({ status: 'priced', amount: 7n * 10n ** 15n });
  expect(price(live, 'gpt-4.1-nano', 'openai')).toMatchObject({ amount: 10n ** 14n });
  expect(before).toMatchObject({ amount: 10n ** 14n });
  expect(live.held).toBeGreaterThan(0);
  expect(lines.some(({ msg }) => msg.includes(`--from-url ${list} --out ${folder}`))).toBe(true);
});

it('goes on with the cards that it has where the list is away or nonsense', async () => {
  const folder = join(temporaryFolder(), 'prices');
  const version = publish(folder, '1');
  for (const list of ['http://127.0.0.1:9/none', await serve({ surprise: true })]) {
    const { live, lines } = open({ folder, refresh: 'daily', list });
    await live.refresh();
    expect(live.version).toBe(version);
    expect(lines.some(({ level, msg }) => level === 50 && msg.includes('rate cards stay as they are'))).toBe(true);
  }
});
