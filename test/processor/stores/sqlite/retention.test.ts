import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { CostQuery, CostRow, Entry, Ledger } from '../../../../processor/ledger.ts';
import type { Retention } from '../../../../processor/retention.ts';
import { HOUR } from '../../../../processor/rollup.ts';
import { openSqliteLedger } from '../../../../processor/stores/sqlite.ts';
import { makeEntry, NOVEMBER } from '../../../support/entries.ts';
import { temporaryFolder } from '../../../support/ledger.ts';

const DAY = 24 * HOUR;
const NOW = NOVEMBER + 400 * DAY;
const ALL = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' } as const;
const days = (count: number): { us: number } => ({ us: count * DAY });

/** Forty calls in eight days, at odd times. */
const calls: readonly Entry[] = Array.from({ length: 40 }, (_, n) =>
  makeEntry(n, {
    startUs: NOVEMBER + n * 5 * HOUR - n * 47_000_000,
    dimensions: { customer_id: `c${n % 3}`, feature: `f${n % 4}`, route: `r${n % 2}` },
  }),
);

async function open(path: string, retention?: Retention): Promise<Ledger> {
  const ledger = await openSqliteLedger({ path, foldAt: 10, restMs: 0, retention, now: () => NOW });
  onTestFinished(() => ledger.close());
  return ledger;
}

function rowsOf(path: string, sql: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(db.prepare(sql).get()?.['n']);
  } finally {
    db.close();
  }
}

const compacted = 'SELECT compacted_us AS n FROM progress';
const oldest = 'SELECT min(start_us) AS n FROM entry';

async function until(path: string, sql: string, enough: (n: number) => boolean): Promise<void> {
  await expect.poll(() => enough(rowsOf(path, sql)), { interval: 5, timeout: 5_000 }).toBe(true);
}

function inOrder(rows: readonly CostRow[]): readonly CostRow[] {
  const keyOf = ({ bucketUs, values }: CostRow): string => JSON.stringify([bucketUs, values]);
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const question: fc.Arbitrary<CostQuery> = fc
  .record({
    by: fc.subarray(['customer_id', 'feature', 'route', 'model'] as const),
    start: fc.integer({ min: -HOUR, max: 8 * DAY }),
    length: fc.oneof(
      fc.integer({ min: 1, max: 9 * DAY }),
      fc.integer({ min: 1, max: 9 }).map((n) => n * DAY),
    ),
    aligned: fc.boolean(),
    bucket: fc.constantFrom(undefined, 'hour' as const, 'day' as const, 'month' as const),
    timezone: fc.constantFrom('UTC', 'Asia/Kolkata', 'America/New_York'),
    where: fc.constantFrom([], [{ name: 'customer_id' as const, op: '=' as const, value: 'c1' }]),
  })
  .map(({ start, length, aligned, by, bucket, timezone, where }) => {
    const from = NOVEMBER + (aligned ? Math.floor(start / DAY) * DAY : start);
    return { by, bucket, timezone, where, from, to: from + length };
  });

test('days instead of hours: every question has the same answer, of any zone, and late calls still count', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const plain = await openSqliteLedger({ path: join(temporaryFolder(), 'plain.db') });
  onTestFinished(() => plain.close());
  const ledger = await open(path, { hours: days(1), entries: undefined });
  const late = makeEntry(700, { startUs: NOVEMBER + DAY + 5 * HOUR, dimensions: { customer_id: 'late' } });
  for (const part of [calls, [late]]) {
    await plain.append(part);
    await ledger.append(part);
    await until(path, compacted, (n) => n === NOVEMBER + 8 * DAY);
    const property = fc.asyncProperty(question, async (query) => {
      expect(inOrder(await ledger.costs(query))).toEqual(inOrder(await plain.costs(query)));
    });
    await fc.assert(property, { numRuns: 60 });
  }
  const hours =
    'SELECT count(DISTINCT hour) AS n FROM rollup WHERE hour * 3600000000 < (SELECT compacted_us FROM progress)';
  expect(rowsOf(path, hours)).toBe(8);
});

test('entries go, sums stay: by day and in all, across a restart; what is sent again changes nothing', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const ledger = await open(path);
  await ledger.append(calls);
  const before = {
    total: await ledger.costs({ ...ALL, by: ['customer_id', 'route'] }),
    days: await ledger.costs({ ...ALL, to: NOVEMBER + 9 * DAY, from: NOVEMBER, by: ['feature'], bucket: 'day' }),
  };
  await ledger.close();

  const start = NOVEMBER + 5 * DAY;
  const again = await open(path, { hours: days(1), entries: { us: NOW - start } });
  await again.append([makeEntry(900, { startUs: NOVEMBER + 9 * DAY })]);
  await until(path, oldest, (n) => n >= start);
  const asked = {
    total: await again.costs({ ...ALL, to: NOVEMBER + 9 * DAY, by: ['customer_id', 'route'] }),
    days: await again.costs({ ...ALL, to: NOVEMBER + 9 * DAY, from: NOVEMBER, by: ['feature'], bucket: 'day' }),
  };
  expect(inOrder(asked.total)).toEqual(inOrder(before.total));
  expect(inOrder(asked.days)).toEqual(inOrder(before.days));

  const [first] = calls;
  if (first === undefined) throw new Error('there are calls');
  expect(await again.find(first.traceId, first.spanId)).toEqual([]);
  expect(await again.append([first])).toMatchObject([{ inserted: false }]);
  expect(await again.adjust([{ of: first, replacement: undefined, id: 'late' }])).toMatchObject([
    { status: 'unknown' },
  ]);
  expect(inOrder(await again.costs({ ...ALL, to: NOVEMBER + 9 * DAY, by: ['customer_id', 'route'] }))).toEqual(
    inOrder(before.total),
  );
  expect(await again.firstUs()).toBe(NOVEMBER);
  expect(
    (await again.entries({ where: [], from: 0, to: NOW, limit: 100 })).every(({ startUs }) => startUs >= start),
  ).toBe(true);
});
