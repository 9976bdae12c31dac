import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { CostQuery, CostRow, Entry, Ledger } from '../../../../processor/ledger.ts';
import { HOUR } from '../../../../processor/rollup.ts';
import { openSqliteLedger } from '../../../../processor/stores/sqlite.ts';
import { makeEntry, NOVEMBER } from '../../../support/entries.ts';
import { temporaryFolder } from '../../../support/ledger.ts';
import { makeVersion2 } from '../../../support/old-ledger.ts';

const DAY = 24 * HOUR;
const LATER = { restMs: 0, now: (): number => NOVEMBER + 400 * DAY };
const ALL = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' } as const;
const questions: readonly CostQuery[] = [
  { ...ALL, by: [] },
  { ...ALL, by: ['customer_id'] },
  { ...ALL, by: ['model', 'feature'] },
  { ...ALL, by: ['customer_id', 'model'] },
  { ...ALL, by: ['feature'], from: NOVEMBER + 5 * HOUR, to: NOVEMBER + 4 * DAY + 9 * HOUR },
  {
    ...ALL,
    by: ['feature', 'plan'],
    bucket: 'day',
    timezone: 'Europe/Berlin',
    from: NOVEMBER,
    to: NOVEMBER + 20 * DAY,
  },
  { ...ALL, by: [], bucket: 'day', timezone: 'Asia/Kolkata', from: NOVEMBER, to: NOVEMBER + 20 * DAY },
];

/** Six calls a day of three customers. */
function calls(from: number, count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const dimensions = { customer_id: `c${n % 3}`, feature: `f${n % 2}` };
    return makeEntry(n, { startUs: NOVEMBER + n * 4 * HOUR, dimensions });
  });
}

async function answers(ledger: Ledger): Promise<readonly (readonly CostRow[])[]> {
  const all = await Promise.all(questions.map((query) => ledger.costs(query)));
  const keyOf = ({ bucketUs, values }: CostRow): string => JSON.stringify([bucketUs, values]);
  return all.map((rows) => rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)));
}

/** Answers of a ledger that sums nothing up: from the entries alone. */
async function fromEntries(entries: readonly Entry[]): Promise<readonly (readonly CostRow[])[]> {
  const ledger = await openSqliteLedger({ path: join(temporaryFolder(), 'plain.db'), foldAt: 1_000_000 });
  onTestFinished(() => ledger.close());
  await ledger.append(entries);
  return answers(ledger);
}

interface Counts {
  readonly days: number;
  readonly hours: number;
  readonly rollups: number;
  readonly spans: number;
  readonly unfolded: number;
}

function countsOf(path: string): Counts {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const row = db
      .prepare(
        `SELECT (SELECT count(*) FROM summary_day) AS days, (SELECT count(*) FROM summed_hour) AS hours,
          (SELECT count(*) FROM rollup) AS rollups,
          (SELECT count(*) FROM span_index) AS spans,
          (SELECT count(*) FROM entry, progress WHERE start_us >= folded_us) AS unfolded`,
      )
      .get();
    return { ...row } as unknown as Counts;
  } finally {
    db.close();
  }
}

async function settled(path: string, ready: (counts: Counts) => boolean): Promise<Counts> {
  await expect.poll(() => ready(countsOf(path)), { interval: 5, timeout: 5_000 }).toBe(true);
  return countsOf(path);
}

/** Of sixty calls, four hours apart; the last one's is not over. */
const HOURS = 59;

test('answers are the same before, while and after hours and days are summed up, and after a late call', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const ledger = await openSqliteLedger({ path, foldAt: 50, ...LATER });
  onTestFinished(() => ledger.close());
  const early = calls(0, 40);
  await ledger.append(early);
  expect(countsOf(path)).toMatchObject({ days: 0, rollups: 0, unfolded: 40 });
  expect(await answers(ledger)).toEqual(await fromEntries(early));

  const all = calls(0, 60);
  await ledger.append(all);
  // The newest call may still have neighbours, and its day is not over.
  expect(await settled(path, ({ days, hours }) => days === 9 && hours === HOURS)).toMatchObject({
    rollups: 59,
    spans: 59,
    unfolded: 1,
  });
  expect(await answers(ledger)).toEqual(await fromEntries(all));

  const late = makeEntry(999, { startUs: NOVEMBER + 2 * DAY + 1, dimensions: { customer_id: 'late' } });
  await ledger.append([late]);
  expect(await answers(ledger)).toEqual(await fromEntries([...all, late]));
  await settled(path, ({ days, hours }) => days === 9 && hours === HOURS);
  await ledger.adjust([{ of: late, replacement: undefined, id: 'gone' }]);
  await settled(path, ({ days, hours }) => days === 9 && hours === HOURS);
  expect(await answers(ledger)).toEqual(await fromEntries(all));
  expect((await ledger.find(late.traceId, late.spanId)).map(({ rev }) => rev)).toEqual([0, 1]);
});

test('calls dated ahead wait, however many: they are summed up once their time has come', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  let now = NOVEMBER;
  const ledger = await openSqliteLedger({ path, foldAt: 10, restMs: 0, now: () => now });
  onTestFinished(() => ledger.close());
  await ledger.append(calls(1, 60));
  await ledger.append(calls(61, 1));
  expect(countsOf(path)).toMatchObject({ days: 0, unfolded: 61 });
  now += 12 * DAY;
  await ledger.append(calls(62, 8));
  expect(await settled(path, ({ days }) => days > 5)).toMatchObject({ unfolded: 1 });
  expect(await answers(ledger)).toEqual(await fromEntries(calls(1, 69)));
});

test('a day whose sum leaves 64 bits stays in hours; the days after it do not wait for it', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const ledger = await openSqliteLedger({ path, foldAt: 10, ...LATER });
  onTestFinished(() => ledger.close());
  const huge = [0, 1, 2].map((n) =>
    makeEntry(900 + n, { startUs: NOVEMBER + n * HOUR, counts: { request: 1_000_000_000 }, rates: { request: '8' } }),
  );
  const all = [...huge, ...calls(6, 20)];
  await ledger.append(all);
  await settled(path, ({ days }) => days === 3);
  expect(await answers(ledger)).toEqual(await fromEntries(all));
});

test('a file of version 2 is brought up to date, and has the same answers', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const all = calls(0, 60);
  const before = await openSqliteLedger({ path, ...LATER });
  await before.append(all);
  await before.close();
  makeVersion2(path);

  const ledger = await openSqliteLedger({ path, ...LATER });
  onTestFinished(() => ledger.close());
  expect(await answers(ledger)).toEqual(await fromEntries(all));
  await ledger.append(calls(60, 1));
  await settled(path, ({ days }) => days === 9);
  expect(await answers(ledger)).toEqual(await fromEntries(calls(0, 61)));
  const [first] = all;
  expect(await ledger.find(first?.traceId ?? '', first?.spanId ?? '')).toEqual([first]);
});
