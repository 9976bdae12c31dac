import { expect, test } from 'vitest';
import { costsAnswer } from '../../../processor/api/costs.ts';
import { overviewJson } from '../../../processor/api/overview.ts';
import type { DimensionName } from '../../../processor/ledger.ts';
import { makeEntry, NOVEMBER, unpriced } from '../../support/entries.ts';
import { temporaryLedger } from '../../support/ledger.ts';

const DAY = 86_400_000_000;
const range = { where: [], from: NOVEMBER, to: NOVEMBER + 20 * DAY, timezone: 'UTC' } as const;

test('each table is what its own question answers', async () => {
  const ledger = await temporaryLedger();
  await ledger.append(
    Array.from({ length: 200 }, (_, n) =>
      makeEntry(n * 120, {
        dimensions: {
          customer_id: n % 7 === 0 ? '' : `c${n % 13}`,
          feature: ['a', 'b', 'c', ''][n % 4] ?? '',
          plan: ['free', 'pro'][n % 2] ?? '',
          provider: n % 3 === 0 ? 'azure' : 'openai',
        },
        counts: { input: 100 + n, output: n },
        ...(n % 10 === 9 ? { charge: unpriced('acme') } : {}),
      }),
    ),
  );
  const answer = await overviewJson(ledger, { ...range, bucket: 'day', top: 3 });
  const alone = async (by: readonly DimensionName[], more: { top?: number; bucket?: 'day' } = {}) => {
    const query = { ...range, by, top: more.top, bucket: more.bucket, compare: false, format: 'json' } as const;
    return costsAnswer(ledger, query);
  };
  expect(answer.features).toEqual((await alone(['feature'], { top: 3 })).rows);
  expect(answer.models).toEqual((await alone(['provider', 'model'], { top: 3 })).rows);
  expect(answer.customers).toEqual((await alone(['customer_id'], { top: 3 })).rows);
  expect(answer.buckets).toEqual((await alone([], { bucket: 'day' })).rows);
  expect(answer.total).toEqual((await alone([])).total);
  expect(answer.plans).toEqual((await alone(['plan'])).rows.map((row) => Object.assign(row, { customers: 13 })));
  expect(answer.untagged).toEqual({ customer_id: 29, feature: 50 });
  expect(answer.growth.rows.length).toBe(4);
  expect([answer.growth.from, answer.growth.previous?.from]).toEqual([
    '2026-11-14T00:00:00.000Z',
    '2026-11-07T00:00:00.000Z',
  ]);
});
