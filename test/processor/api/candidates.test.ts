import { expect, test } from 'vitest';
import { candidatesJson } from '../../../processor/api/candidates.ts';
import { makeEntry, NOVEMBER, unpriced } from '../../support/entries.ts';
import { temporaryLedger } from '../../support/ledger.ts';
import { apiPrices } from '../../support/prices.ts';

const NOW = NOVEMBER + 25 * 86_400_000_000;
const range = { where: [], from: NOVEMBER, to: NOW, timezone: 'UTC', top: undefined, limit: 20 } as const;

test('the same tokens on cheaper models, to the last digit: 2,800/700 of gpt-4o for $14.00 are $0.56 on gpt-4.1-nano', async () => {
  const ledger = await temporaryLedger();
  const dimensions = { feature: 'summarizer' };
  await ledger.append(
    Array.from({ length: 1_000 }, (_, n) => makeEntry(n, { dimensions, counts: { input: 2_800, output: 700 } })),
  );
  await ledger.append([makeEntry(2_000, { dimensions, charge: unpriced('acme-13b') })]);
  const { rows, looked_at: seen } = await candidatesJson({ ledger, prices: apiPrices }, range, NOW);
  expect(seen).toBe(1_001);
  const [row, ...others] = rows;
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    feature: 'summarizer',
    provider: 'openai',
    model: 'gpt-4o',
    cost_usd: '14',
    calls: 1_000,
  });
  expect(row?.largest_tokens).toBe(3_500);
  expect(row?.candidates.find(({ model }) => model === 'gpt-4.1-nano')).toEqual({
    provider: 'openai',
    model: 'gpt-4.1-nano',
    price_id: expect.stringMatching(/^openai\/gpt-4\.1-nano/) as string,
    context_window: 1_000_000,
    cost_usd: '0.56',
    saving_usd: '13.44',
    lines: [
      { unit: 'input', quantity: 2_800_000, rate_usd: '0.0000001', rate_usd_per_million: '0.1', amount_usd: '0.28' },
      { unit: 'output', quantity: 700_000, rate_usd: '0.0000004', rate_usd_per_million: '0.4', amount_usd: '0.28' },
    ],
  });
  const costs = row?.candidates.map(({ cost_usd: cost }) => Number(cost)) ?? [];
  expect(costs).toEqual(costs.toSorted((a, b) => a - b));
});

test('none of other makers, none that is retired or made for something else, none whose context is too small', async () => {
  const ledger = await temporaryLedger();
  await ledger.append([makeEntry(1, { counts: { input: 150_000, output: 700 } })]);
  const [row] = (await candidatesJson({ ledger, prices: apiPrices }, range, NOW)).rows;
  const names = row?.candidates.map(({ provider, model }) => `${provider}/${model}`) ?? [];
  expect(names).toContain('openai/gpt-4.1-nano');
  expect(names).not.toContain('openai/gpt-4o-mini');
  expect(names.filter((name) => /^(?!openai)|audio|image|gpt-3\.5|babbage|oss/.test(name))).toEqual([]);
});

test('nothing is cheaper than a model that costs next to nothing; what has no output has no candidate', async () => {
  const ledger = await temporaryLedger();
  const dimensions = { model: 'gpt-4.1-nano' };
  await ledger.append([
    makeEntry(1, { dimensions, rates: { input: '0.000000001', output: '0.000000001' } }),
    makeEntry(2, { dimensions: { feature: 'index' }, counts: { input: 8_000 } }),
  ]);
  const { rows } = await candidatesJson({ ledger, prices: apiPrices }, range, NOW);
  expect(rows.map(({ candidates }) => candidates)).toEqual([[], []]);
});
