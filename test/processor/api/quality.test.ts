import { expect, test } from 'vitest';
import { qualityJson } from '../../../processor/api/quality.ts';
import { createCounters } from '../../../processor/metrics.ts';
import { makeEntry, NOVEMBER, unpriced } from '../../support/entries.ts';
import { temporaryLedger } from '../../support/ledger.ts';
import { apiPrices } from '../../support/prices.ts';

const DAY = 86_400_000_000;
const NOW = NOVEMBER + 20 * DAY;
const range = { where: [], from: NOVEMBER, to: NOW, timezone: 'UTC' } as const;

test('what is missing, by tag, service, price and usage, and calls of impossible times', async () => {
  const ledger = await temporaryLedger();
  const whole = { customer_id: 'acme', feature: 'chat', service: 'web' };
  await ledger.append([
    makeEntry(1, { dimensions: whole }),
    makeEntry(2, { dimensions: { ...whole, customer_id: '' }, usageState: 'estimated' }),
    makeEntry(3, { dimensions: { service: 'worker' }, basis: 'assumed' }),
    makeEntry(4, { dimensions: whole, charge: unpriced('acme-13b'), usageState: 'absent' }),
    makeEntry(5, { dimensions: whole, startUs: 1_000_000 }),
    makeEntry(6, { dimensions: whole, startUs: NOW + 3 * DAY }),
  ]);
  const counters = createCounters();
  counters.add('duplicate_calls', 3);
  counters.add('estimated_calls', 1, 'estimated');
  const sources = { ledger, counters, prices: { ...apiPrices, checked: '2026-08-01' }, started: NOVEMBER };
  const answer = await qualityJson(sources, range, NOW);
  expect(answer).toMatchObject({
    total: { calls: 4, cost_usd: '0.012', unpriced_calls: 1 },
    untagged: [
      { tag: 'customer_id', calls: 2, cost_usd: '0.008' },
      { tag: 'feature', calls: 1, cost_usd: '0.004' },
    ],
    by_service: [
      {
        service: 'web',
        calls: 3,
        cost_usd: '0.008',
        untagged: [
          { tag: 'customer_id', calls: 1, cost_usd: '0.004' },
          { tag: 'feature', calls: 0, cost_usd: '0' },
        ],
      },
      { service: 'worker', calls: 1, untagged: [{ calls: 1, cost_usd: '0.004' }, { calls: 1 }] },
    ],
    unpriced: [{ provider: 'openai', model: 'gpt-4o', calls: 1, input_tokens: 800, output_tokens: 200 }],
    impossible_times: {
      before: { to: '2020-01-01T00:00:00.000Z', calls: 1, cost_usd: '0.004' },
      after: { from: '2026-11-21T01:00:00.000Z', calls: 1, cost_usd: '0.004' },
    },
    looked_at: {
      calls: 4,
      usage_state: { reported: 2, estimated: 1, absent: 1 },
      usage_basis: { reported: 3, assumed: 1 },
      unpriced_reason: { unknown_model: 1 },
    },
    prices: { age_days: 112, stale: true },
    since_start: { duplicates: 3, not_reported: { estimated: 1 } },
  });
});
