import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { CostQuery, CostRow, Entry, Ledger } from '../../../../processor/ledger.ts';
import { HOUR } from '../../../../processor/rollup.ts';
import { openSqliteLedger, readSqliteLedger } from '../../../../processor/stores/sqlite.ts';
import { inspectLedger } from '../../../../processor/stores/sqlite/inspect.ts';
import { openFile } from '../../../../processor/stores/sqlite/open.ts';
import { createWriter } from '../../../../processor/stores/sqlite/writer.ts';
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
  { ...ALL, by: ['customer_id'], from: NOVEMBER + HOUR, to: NOVEMBER + 9.3 * HOUR },
  { ...ALL, by: ['feature'], from: NOVEMBER + 0.2 * HOUR, to: NOVEMBER + 2.25 * HOUR },
];

/** Six calls a day of three customers. */
function calls(from: number, count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const dimensions = { customer_id: `c${n % 3}`, feature: `f${n % 2}` };
    return makeEntry(n, { startUs: NOVEMBER + n * 4 * HOUR, dimensions });
  });
}

async function answers(ledger: Pick<Ledger, 'costs'>): Promise<readonly (readonly CostRow[])[]> {
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

test('a day of more sums than are taken in at once is summed up part by part, late calls in between included', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const { db, close } = openFile(path);
  const writer = createWriter(db, { foldAt: 1_000, retention: undefined, ...LATER });
  // More customers than a part of a sum has rows, and than wait for the index of texts.
  const many = Array.from({ length: 21_000 }, (_, n) =>
    makeEntry(n, {
      startUs: NOVEMBER + (n % 2) * HOUR + n * 170_000,
      dimensions: { customer_id: `c${n}`, feature: `f${n % 3}` },
    }),
  );
  const later = calls(30, 30);
  const late: Entry[] = [];
  const [day, hour] = [NOVEMBER / DAY, NOVEMBER / HOUR];
  const summed = db.prepare(`SELECT (SELECT count(*) FROM summary WHERE level = 1 AND day = ${day}) AS customers,
    (SELECT count(*) FROM summary_day WHERE day = ${day}) AS days,
    (SELECT sum(calls) FROM summary WHERE level = 1 AND day = ${day}) AS summed_calls,
    (SELECT sum(calls) FROM rollup WHERE hour / 24 = ${day}) AS calls,
    (SELECT count(*) FROM summary_hour WHERE level = 3 AND hour = ${hour}) AS features,
    (SELECT count(*) FROM summed_hour WHERE hour = ${hour}) AS hours`);
  const counts = (): Record<string, number> => summed.get() as Record<string, number>;
  writer.commit([many, later]);
  const halfway = { day: 0, hour: 0 };
  while (writer.tidy()) {
    const { customers = 0, days = 0, features = 0, hours = 0, summed_calls: summedCalls, calls: sumOfHours } = counts();
    // What is said to be summed up is.
    if (days === 1) expect(summedCalls).toBe(sumOfHours);
    const isHour = hours === 0 && features > 0 && halfway.hour < 2;
    const isDay = hours === 1 && days === 0 && customers >= 5_000 && halfway.day < 3;
    if (isDay) halfway.day++;
    if (isHour) halfway.hour++;
    if (!isDay && !isHour) continue;
    // The first of all sums, which was taken in, and one that was not get a call: all begins anew.
    const fresh = [0, 1].map((n) =>
      makeEntry(100_000 + late.length + n, {
        startUs: NOVEMBER + n * HOUR + 1,
        dimensions: { customer_id: `c${n}`, feature: `f${n}` },
      }),
    );
    writer.commit([fresh]);
    late.push(...fresh);
  }
  expect(halfway).toEqual({ day: 3, hour: 2 });
  expect(counts()).toMatchObject({ customers: 21_000, days: 1, features: 3, hours: 1 });
  // Those that are known go by their numbers, through the index as well as from memory.
  expect(
    writer
      .commit([many.slice(0, 50), late])
      .flat()
      .some(({ inserted }) => inserted),
  ).toBe(false);
  const texts = db
    .prepare(`SELECT (SELECT count(*) FROM dimension_hash) AS indexed, last FROM indexed WHERE name = 'dimension'`)
    .get();
  expect(Number(texts?.['last'])).toBeGreaterThan(20_000);
  expect(texts?.['indexed']).toBe(texts?.['last']);
  close();

  expect([...inspectLedger(path)].filter(({ state }) => state === 'failed')).toEqual([]);
  const reader = readSqliteLedger({ path });
  onTestFinished(() => reader.close());
  expect(await answers(reader)).toEqual(await fromEntries([...many, ...later, ...late]));
});

test('a large hour of few customers is summed up by all levels and quarters, and its day is made of that', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const { db, close } = openFile(path);
  const writer = createWriter(db, { foldAt: 1_000, retention: undefined, ...LATER });
  // 5,000 sums in the second hour, of 50 customers.
  const many = Array.from({ length: 5_000 }, (_, n) =>
    makeEntry(n, {
      startUs: NOVEMBER + HOUR + n * 700_000,
      dimensions: {
        customer_id: `c${n % 50}`,
        feature: `f${Math.floor(n / 50) % 4}`,
        route: `/${Math.floor(n / 200)}`,
      },
    }),
  );
  const small = [...calls(200, 3), makeEntry(8_000, { startUs: NOVEMBER + 2.1 * HOUR })];
  const later = calls(30, 30);
  writer.commit([many, small, later]);
  while (writer.tidy());
  const hour = NOVEMBER / HOUR + 1;
  const counts = (): unknown =>
    db
      .prepare(
        `SELECT (SELECT large FROM summed_hour WHERE hour = ${hour}) AS large,
          (SELECT count(*) FROM rollup WHERE hour = ${hour}) AS rollups,
          (SELECT count(*) FROM summary_hour WHERE level = 1 AND hour = ${hour}) AS customers,
          (SELECT count(*) FROM summary_quarter WHERE quarter / 4 = ${hour}) AS quarters,
          (SELECT count(*) FROM summary_day WHERE day = ${NOVEMBER / DAY}) AS days`,
      )
      .get();
  expect(counts()).toEqual({ large: 1, rollups: 5_000, customers: 50, quarters: 16, days: 1 });
  const reader = readSqliteLedger({ path });
  onTestFinished(() => reader.close());
  expect(await answers(reader)).toEqual(await fromEntries([...many, ...small, ...later]));
  const late = makeEntry(9_000, { startUs: NOVEMBER + 1.75 * HOUR, dimensions: { feature: 'f1' } });
  writer.commit([[late]]);
  expect(await answers(reader)).toEqual(await fromEntries([...many, ...small, ...later, late]));
  while (writer.tidy());
  expect(await answers(reader)).toEqual(await fromEntries([...many, ...small, ...later, late]));
  close();
  expect([...inspectLedger(path)].filter(({ state }) => state === 'failed')).toEqual([]);
});

test('parts that carry their remainders are the same sums to doctor', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const { db, close } = openFile(path);
  const writer = createWriter(db, { foldAt: 10, retention: undefined, ...LATER });
  // Half a nano-dollar above a whole one each, of several sets of dimensions in an hour.
  const halves = Array.from({ length: 90 }, (_, n) =>
    makeEntry(n, {
      startUs: NOVEMBER + n * HOUR,
      counts: { input: 801 },
      rates: { input: '0.0000000375' },
      dimensions: { customer_id: 'acme', route: `/${n % 3}` },
    }),
  );
  writer.commit([halves]);
  while (writer.tidy());
  expect(db.prepare('SELECT count(*) AS n FROM summary_day').get()).toEqual({ n: 3 });
  close();
  expect([...inspectLedger(path)].filter(({ state }) => state === 'failed')).toEqual([]);
});
