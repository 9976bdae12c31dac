/**
 * Four ledgers on one database, under load, while connections are killed in the middle of COPY and the server crashes: what
 * was acknowledged is there, once; sums are those of the entries; each of them has learned of every call once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SpanledgerError } from '../../../processor/errors.ts';
import type { Entry, Ledger } from '../../../processor/ledger.ts';
import { openPostgresLedger } from '../../../processor/stores/postgres.ts';
import { makeEntry } from '../../support/entries.ts';
import { report, type FaultCounts } from '../faults/report.ts';
import { postgresFolder, startPostgres, type Postgres } from '../support/postgres.ts';

const ALL = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' } as const;
const PROCESSORS = 4;
const BATCH = 200;

describe.skipIf(postgresFolder() === undefined)('faults of PostgreSQL', () => {
  let server: Postgres | undefined;
  let ledgers: Ledger[] = [];
  beforeEach(async () => {
    // fsync stays on: a crash must lose nothing.
    server ??= await startPostgres();
    const url = server.url();
    // All at once, on an empty database.
    ledgers = await Promise.all(Array.from({ length: PROCESSORS }, () => openPostgresLedger({ url })));
  });
  afterEach(() => Promise.all(ledgers.map((ledger) => ledger.close())));
  afterAll(() => server?.stop());

  /** Calls that every processor gets from several senders: half of each batch overlaps with the one of a neighbour. */
  const batchOf = (processor: number, k: number): Entry[] =>
    Array.from({ length: BATCH }, (_, i) => {
      const n = k * BATCH * PROCESSORS + ((processor * BATCH) / 2 + i);
      return makeEntry(n, {
        startUs: makeEntry(0).startUs + n * 1_000_000,
        dimensions: { customer_id: `c${n % 7}`, feature: `f${n % 3}` },
        attempts: processor + 1,
      });
    });

  interface Seen {
    readonly own: Map<string, number>;
    readonly sent: Set<string>;
    readonly acknowledged: Set<string>;
    refused: number;
  }

  const key = ({ traceId, spanId }: Entry): string => traceId + spanId;
  const note = (seen: Seen, entry: Entry): void => {
    seen.own.set(key(entry), (seen.own.get(key(entry)) ?? 0) + 1);
  };

  /** Sends as exporters do, the same again until it is taken, and follows what others add. */
  async function load(ledger: Ledger, processor: number, until: AbortSignal, seen: Seen): Promise<void> {
    const news = async (): Promise<void> => {
      await ledger.feed
        ?.next((added) => added.forEach(({ entry }) => note(seen, entry)))
        .catch((error: unknown) => {
          if (!(error instanceof SpanledgerError) || error.code !== 'ledger_unavailable') throw error;
        });
    };
    for (let k = 0; !until.aborted; k++) {
      const batch = batchOf(processor, k);
      for (const entry of batch) seen.sent.add(key(entry));
      for (let taken = false; !taken;) {
        try {
          for (const { entry, inserted } of await ledger.append(batch)) if (inserted) note(seen, entry);
          taken = true;
        } catch (error) {
          if (!(error instanceof SpanledgerError) || error.code !== 'ledger_unavailable') throw error;
          seen.refused++;
          await sleep(50);
        }
      }
      for (const entry of batch) seen.acknowledged.add(key(entry));
      await news();
    }
  }

  async function underLoad(ms: number, fault: (until: AbortSignal) => Promise<void>): Promise<readonly Seen[]> {
    const stopping = new AbortController();
    const seen = ledgers.map((): Seen => ({ own: new Map(), sent: new Set(), acknowledged: new Set(), refused: 0 }));
    // News begin here.
    for (const ledger of ledgers) await ledger.feed?.next(() => undefined);
    const all = Promise.all(ledgers.map((ledger, n) => load(ledger, n, stopping.signal, seen[n] as Seen)));
    const faults = fault(stopping.signal);
    await Promise.race([sleep(ms), all]);
    stopping.abort();
    await faults;
    await all;
    for (const [n, ledger] of ledgers.entries())
      await ledger.feed?.next((added) => added.forEach(({ entry }) => note(seen[n] as Seen, entry)));
    return seen;
  }

  async function requireExact(seen: readonly Seen[]): Promise<FaultCounts> {
    const [ledger] = ledgers;
    if (ledger === undefined) throw new Error('no ledger');
    const acknowledged = new Set(seen.flatMap((each) => [...each.acknowledged]));
    const [sums] = await ledger.costs({ ...ALL, by: [] });
    const { total } = await ledger.derive(ALL);
    expect(sums?.cost).toBe(total);
    expect(total).toBe(BigInt(sums?.calls ?? 0) * 4_000_000_000_000n);
    // Nothing else is there, and all of it: batches that were refused were sent again.
    expect(sums?.calls).toBe(acknowledged.size);
    for (const { own } of seen) {
      expect([...own.values()].filter((count) => count !== 1)).toEqual([]);
      expect(own.size).toBe(acknowledged.size);
    }
    const sent = new Set(seen.flatMap((each) => [...each.sent]));
    return { sent: sent.size, acknowledged: acknowledged.size, inLedger: sums?.calls ?? 0 };
  }

  const refusedOf = (seen: readonly Seen[]): number => seen.reduce((sum, { refused }) => sum + refused, 0);

  async function terminate(until: AbortSignal, which: string, everyMs: number): Promise<number> {
    const killer = new Client({ connectionString: server?.url().replace(/&schema=.*/, '') ?? '' });
    await killer.connect();
    let killed = 0;
    while (!until.aborted) {
      const { rowCount } = await killer.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spanledger' AND ${which} LIMIT 1`,
      );
      killed += rowCount ?? 0;
      await sleep(everyMs);
    }
    await killer.end();
    return killed;
  }

  test('four processors: every call once, sums as the entries, and each knows of all', async () => {
    const seen = await underLoad(3_000, async () => undefined);
    expect((await requireExact(seen)).inLedger).toBeGreaterThan(1_000);
    expect(seen.map(({ refused }) => refused)).toEqual([0, 0, 0, 0]);
  });

  test('connections killed in the middle of COPY, or of anything else', async () => {
    let killed = 0;
    const seen = await underLoad(4_000, async (until) => {
      const counts = await Promise.all([
        terminate(until, "state = 'active' AND query LIKE 'COPY%'", 5),
        terminate(until, "state <> 'idle'", 150),
      ]);
      killed = counts.reduce((sum, count) => sum + count, 0);
    });
    const counts = await requireExact(seen);
    expect(counts.inLedger).toBeGreaterThan(1_000);
    expect(killed).toBeGreaterThan(5);
    expect(refusedOf(seen)).toBeGreaterThan(0);
    report(
      'PostgreSQL: connections cut in the middle of COPY',
      counts,
      `${killed} connections of ${PROCESSORS} processors; ${refusedOf(seen)} batches refused, and sent again`,
    );
  });

  test('the server crashes under load, and is started again', async () => {
    const seen = await underLoad(4_000, async () => {
      for (const how of ['immediate', 'fast'] as const) {
        await sleep(700);
        server?.halt(how);
        await sleep(300);
        server?.start();
      }
    });
    const counts = await requireExact(seen);
    expect(counts.inLedger).toBeGreaterThan(1_000);
    expect(refusedOf(seen)).toBeGreaterThan(0);
    report(
      'PostgreSQL: the server crashes and starts again',
      counts,
      `a crash and a stop under ${PROCESSORS} processors; ${refusedOf(seen)} batches refused, and sent again`,
    );
  });
});
