/** What processors on one database tell each other: every revision once, whatever commits late, fails or is sent twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Entry, Ledger } from '../../../processor/ledger.ts';
import { openPostgresLedger } from '../../../processor/stores/postgres.ts';
import { makeEntry } from '../../support/entries.ts';
import { postgresFolder, startPostgres, type Postgres } from '../support/postgres.ts';

const ALL = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' } as const;

describe.skipIf(postgresFolder() === undefined)('news from other processors', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres(['fsync=off']);
  });
  afterAll(() => server?.stop());

  async function open(url: string): Promise<Ledger> {
    const ledger = await openPostgresLedger({ url });
    onTestFinished(() => ledger.close());
    return ledger;
  }

  async function news(ledger: Ledger): Promise<Entry[]> {
    const entries: Entry[] = [];
    await ledger.feed?.next((added) => entries.push(...added.map(({ entry }) => entry)));
    return entries;
  }

  const keys = (entries: readonly Entry[]): string[] => entries.map(({ spanId, rev }) => `${spanId}/${rev}`).toSorted();

  test('what others add and correct comes once; what is one’s own does not', async () => {
    const url = server.url();
    const [one, two] = [await open(url), await open(url)];
    await one.append([makeEntry(0)]);
    for (const ledger of [one, two]) await ledger.feed?.pin(() => undefined);
    for (const ledger of [one, two]) ledger.feed?.unpin();
    await one.append([makeEntry(1), makeEntry(2)]);
    await two.append([makeEntry(2), makeEntry(3)]);
    await two.adjust([{ of: makeEntry(1), replacement: makeEntry(1, { counts: { input: 80 } }), id: 'a' }]);
    expect(await news(one)).toHaveLength(3);
    const seen = await news(two);
    expect(keys(seen)).toEqual(keys([makeEntry(1), makeEntry(2)]));
    expect(seen.find(({ spanId }) => spanId === makeEntry(1).spanId)).toEqual(makeEntry(1));
    expect(await news(one)).toEqual([]);
    expect(await news(two)).toEqual([]);
  });

  test('a transaction that commits late, after later ones were seen, is not lost', async () => {
    const url = server.url();
    const [one, two] = [await open(url), await open(url)];
    await two.append([makeEntry(0)]);
    await news(one);
    const schema = new URL(url).searchParams.get('schema');
    const late = new Client({ connectionString: url.replace(/&schema=.*/, '') });
    await late.connect();
    onTestFinished(() => late.end());
    await late.query('BEGIN');
    // Its number is older than those of all that follow.
    await late.query(`CREATE TEMP TABLE copied AS SELECT * FROM ${schema}.entry`);
    await late.query(`UPDATE copied SET tx = pg_current_xact_id(), span = decode(repeat('ab', 24), 'hex')`);
    await late.query(`INSERT INTO ${schema}.entry SELECT * FROM copied`);
    for (let n = 1; n < 5; n++) {
      await two.append([makeEntry(n)]);
      expect(keys(await news(one))).toEqual(keys([makeEntry(n)]));
    }
    await late.query('COMMIT');
    expect((await news(one)).map(({ traceId }) => traceId)).toEqual(['ab'.repeat(16)]);
    expect(await news(one)).toEqual([]);
  });

  test('sums that are read while others write, and news after them, are the ledger', async () => {
    const url = server.url();
    const ledgers = [await open(url), await open(url), await open(url)] as const;
    const [watcher, ...writers] = ledgers;
    const writing = new AbortController();
    const load = writers.map(async (ledger, w) => {
      for (let k = 0; !writing.signal.aborted; k++)
        await ledger.append(Array.from({ length: 40 }, (_, i) => makeEntry(k * 60 + i + w * 20, { durationUs: w })));
    });
    await sleep(100);
    await watcher.feed?.pin(() => undefined);
    const [seed] = await watcher.costs({ ...ALL, by: [] });
    await sleep(50);
    // As of the same moment.
    expect(await watcher.costs({ ...ALL, by: [] })).toEqual([seed]);
    watcher.feed?.unpin();
    let [calls, cost] = [seed?.calls ?? 0, seed?.cost ?? 0n];
    const follow = async (): Promise<void> => {
      for (const entry of await news(watcher)) {
        calls++;
        cost += entry.charge.status === 'priced' ? entry.charge.amount : 0n;
      }
    };
    for (let round = 0; round < 10; round++) {
      await sleep(30);
      await follow();
    }
    writing.abort();
    await Promise.all(load);
    await follow();
    expect(await watcher.costs({ ...ALL, by: [] })).toMatchObject([{ calls, cost }]);
    expect(calls).toBeGreaterThan(200);
  });
});
