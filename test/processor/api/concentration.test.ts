import { expect, test } from 'vitest';
import { concentrationJson } from '../../../processor/api/concentration.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';
import { temporaryLedger } from '../../support/ledger.ts';

const range = {
  where: [],
  from: NOVEMBER,
  to: NOVEMBER + 86_400_000_000,
  timezone: 'UTC',
  name: 'customer_id',
} as const;

test('one of forty customers makes half of the cost, twenty times the average', async () => {
  const ledger = await temporaryLedger();
  const calls = (customer: string, count: number, from: number) =>
    Array.from({ length: count }, (_, n) => makeEntry(from + n, { dimensions: { customer_id: customer } }));
  await ledger.append([
    ...calls('whale', 39, 0),
    ...Array.from({ length: 39 }, (_, n) => calls(`small-${n}`, 1, 100 + n)).flat(),
    ...calls('', 2, 200),
  ]);
  expect(await concentrationJson(ledger, range)).toMatchObject({
    name: 'customer_id',
    values: 40,
    cost_usd: '0.312',
    average_usd: '0.0078',
    top_twentieth: { values: 2, cost_usd: '0.16', share: 0.51282 },
    for_80_percent: 25,
    ten_times_average: [{ value: 'whale', cost_usd: '0.156', times: 20 }],
    without: { calls: 2, cost_usd: '0.008' },
  });
});

test('of nothing', async () => {
  expect(await concentrationJson(await temporaryLedger(), range)).toMatchObject({
    values: 0,
    average_usd: null,
    top_twentieth: { values: 0, cost_usd: '0', share: null },
    for_80_percent: null,
    ten_times_average: [],
  });
});
