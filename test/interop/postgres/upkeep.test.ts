/** Commands on a ledger in PostgreSQL, and what retention leaves. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { formatUsd, parseUsd } from '../../../pricing/money.ts';
import type { CostQuery, Entry, Ledger } from '../../../processor/ledger.ts';
import { HOUR } from '../../../processor/rollup.ts';
import { openRevenue } from '../../../processor/stores/index.ts';
import { openPostgresLedger, type PostgresOptions } from '../../../processor/stores/postgres.ts';
import { migrations } from '../../../processor/stores/postgres/schema.ts';
import { makeEntry, NOVEMBER, unpriced } from '../../support/entries.ts';
import { temporaryFolder } from '../../support/ledger.ts';
import { postgresFolder, startPostgres, type Postgres } from '../support/postgres.ts';

const main = join(import.meta.dirname, '../../../processor/main.ts');
const DAY = 24 * HOUR;
const ALL = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' } as const;

const calls: readonly Entry[] = Array.from({ length: 200 }, (_, n) =>
  makeEntry(n, {
    startUs: NOVEMBER + n * HOUR,
    userId: n % 2 === 0 ? 'ann' : '',
    sessionId: 's',
    dimensions: { customer_id: n % 3 === 0 ? 'Müller & Co' : `c${n % 3}`, route: `r${n % 4}` },
    extra: { owner: 'Müller & Co' },
  }),
);

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe.skipIf(postgresFolder() === undefined)('a ledger in PostgreSQL', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres(['fsync=off']);
  });
  afterAll(() => server?.stop());

  async function open(options: PostgresOptions): Promise<Ledger> {
    const ledger = await openPostgresLedger(options);
    onTestFinished(() => ledger.close());
    return ledger;
  }

  async function sql(url: string, text: (s: string) => string): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: url.replace(/&schema=.*/, '') });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(text(new URL(url).searchParams.get('schema') ?? ''));
      return rows;
    } finally {
      await client.end();
    }
  }

  async function run(...args: readonly string[]): Promise<Ran> {
    try {
      return { code: 0, ...(await promisify(execFile)(process.execPath, [main, ...args], { cwd: temporaryFolder() })) };
    } catch (error) {
      const { code, stdout, stderr } = error as Ran;
      return { code, stdout, stderr };
    }
  }

  test('query, reprice, doctor, rollups rebuild and backup, while it is open', async () => {
    const url = server.url();
    const ledger = await open({ url });
    await ledger.append([...calls, makeEntry(900, { charge: unpriced('acme') })]);
    const where = ['--ledger', url, '--from', '2026-11-01', '--to', '2027-01-01'];
    const answer = JSON.parse((await run('query', ...where, '--by', 'customer_id', '--format', 'json')).stdout) as {
      total: unknown;
    };
    expect(answer.total).toMatchObject({ calls: 201, cost_usd: '0.8', unpriced_calls: 1 });

    expect((await run('reprice', ...where, '--dry-run')).stdout).toMatch(/^openai +gpt-4o +1 +— +\$0\.004 /m);
    expect((await run('reprice', ...where)).stdout).toMatch(/^1 calls adjusted/m);
    expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ cost: parseUsd('0.804'), unpricedCalls: 0 }]);

    await sql(url, (s) => `UPDATE ${s}.rollup SET cost = cost + 1 WHERE hour = ${(NOVEMBER + DAY) / HOUR}`);
    const doctor = await run('doctor', '--ledger', url);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(
      /^failed +sums of hours +other sums than the entries of 2026-11-02: run "spanledger rollups rebuild"$/m,
    );
    expect(doctor.stdout).toMatch(/^warning +server +PostgreSQL .*fsync = off/m);
    expect((await run('rollups', 'rebuild', '--ledger', url)).stdout).toMatch(/^9 days were summed up again$/m);
    expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ cost: parseUsd('0.804') }]);

    const backup = await run('backup', 'copy.db', '--ledger', url);
    expect(backup).toMatchObject({ code: 2, stderr: expect.stringContaining('pg_dump') });
    expect(backup.stderr).not.toContain('sslmode');
  });

  test('erase: nothing leads to the customer any more; a running processor goes on', async () => {
    const url = server.url();
    const ledger = await open({ url });
    await ledger.append(calls);
    await ledger.addCrossing({
      key: 'b|{"customer_id":"Müller & Co"}|month|70%',
      at: 1,
      payload: '{"labels":{"customer_id":"Müller & Co"}}',
    });
    const revenue = await openRevenue(url);
    onTestFinished(() => revenue.close());
    const row = { customerId: 'Müller & Co', month: '2026-11', id: '', amount: parseUsd('9.5') };
    expect(await revenue.put([row], 1)).toEqual({ added: 1, changed: 0, same: 0 });
    expect(await revenue.put([row, { ...row, id: 'r', amount: parseUsd('-2') }], 2)).toEqual({
      added: 1,
      changed: 0,
      same: 1,
    });
    const before = await ledger.costs({ ...ALL, by: [] });

    const { stdout } = await run('erase', '--customer', 'Müller & Co', '--ledger', url);
    const token = /^67 calls are those of (erased-[0-9a-f]{16}) now$/m.exec(stdout)?.[1] ?? '';
    expect(token).not.toBe('');
    expect(await ledger.costs({ ...ALL, by: [] })).toEqual(before);
    const erased = await ledger.entries({
      ...ALL,
      where: [{ name: 'customer_id', op: '=', value: token }],
      limit: 1_000,
    });
    expect(erased).toHaveLength(67);
    for (const entry of erased) expect([entry.userId, entry.sessionId, entry.extra]).toEqual(['', '', {}]);
    expect(await revenue.sums('2026-11', '2026-11')).toEqual([
      { customerId: token, month: '2026-11', amount: parseUsd('7.5') },
    ]);
    for (const table of ['dimension', 'entry', 'crossing', 'audit', 'revenue'])
      expect(await sql(url, (s) => `SELECT 1 FROM ${s}.${table} t WHERE t::text LIKE '%Müller & Co%'`), table).toEqual(
        [],
      );
    // What was sent before is known; a new call is one of a new customer.
    const late = { ...calls[0], spanId: 'f'.repeat(16) } as Entry;
    expect((await ledger.append([calls[0] as Entry, late])).map(({ inserted }) => inserted)).toEqual([false, true]);
    const where = [{ name: 'customer_id', op: '=', value: 'Müller & Co' }] as const;
    expect(await ledger.costs({ ...ALL, by: [], where })).toMatchObject([{ calls: 1 }]);
  });

  test('retention: hours become days, months of entries go, sums stay', async () => {
    const url = server.url();
    const many = Array.from({ length: 60 }, (_, n) =>
      makeEntry(n, { startUs: NOVEMBER + n * 17 * HOUR, dimensions: { plan: n % 2 === 0 ? 'pro' : 'free' } }),
    );
    const first = await openPostgresLedger({ url });
    await first.append(many);
    const query = (more: Partial<CostQuery>): CostQuery => ({ ...ALL, by: ['plan'], ...more });
    const sums = async (ledger: Ledger, more: Partial<CostQuery>): Promise<string[]> =>
      (await ledger.costs(query(more)))
        .map(({ values, bucketUs, calls: n, cost }) => [values.plan, bucketUs, n, formatUsd(cost)].join(' '))
        .toSorted();
    const questions: readonly Partial<CostQuery>[] = [{}, { bucket: 'day', from: NOVEMBER, to: NOVEMBER + 60 * DAY }];
    const before = await Promise.all(questions.map((question) => sums(first, question)));
    const zoned = { bucket: 'day', timezone: 'Asia/Kolkata', from: NOVEMBER, to: NOVEMBER + 60 * DAY } as const;
    const inKolkata = await sums(first, zoned);
    await first.close();

    // Two months later: hours are given up, calls are kept.
    const january = Date.UTC(2027, 0, 15) * 1000;
    const days = await openPostgresLedger({
      url,
      now: () => january,
      retention: { hours: { us: 35 * DAY }, entries: undefined },
    });
    const hours = async (): Promise<unknown> =>
      (
        await sql(
          url,
          (s) =>
            `SELECT count(*)::int AS n FROM ${s}.rollup WHERE hour % 24 <> 0 AND hour < ${Math.floor((january - 36 * DAY) / HOUR)}`,
        )
      )[0]?.['n'];
    await expect.poll(hours, { timeout: 10_000 }).toBe(0);
    await expect
      .poll(async () => (await sql(url, (s) => `SELECT compacted_us::text AS at FROM ${s}.progress`))[0]?.['at'])
      .not.toBe('0');
    for (const [index, question] of questions.entries()) expect(await sums(days, question)).toEqual(before[index]);
    expect(await sums(days, zoned)).toEqual(inKolkata);
    // A late call of a day that is summed up.
    await days.append([makeEntry(99, { startUs: NOVEMBER + 5 * HOUR, dimensions: { plan: 'late' } })]);
    expect(await days.costs(query({ where: [{ name: 'plan', op: '=', value: 'late' }] }))).toMatchObject([
      { calls: 1 },
    ]);
    await days.close();

    // More than a year later.
    const later = Date.UTC(2027, 11, 20) * 1000;
    const gone = await open({
      url,
      now: () => later,
      retention: { hours: { us: 35 * DAY }, entries: { months: 12 } },
    });
    const partitions = async (): Promise<unknown[]> =>
      (
        await sql(
          url,
          (s) => `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '${s}.entry'::regclass`,
        )
      ).map((found) => found['name']);
    await expect.poll(partitions, { timeout: 10_000 }).not.toContainEqual(expect.stringContaining('entry_2026_11'));
    expect((await gone.costs({ ...ALL, by: [] }))[0]?.calls).toBe(61);
    expect(await sums(gone, questions[1] ?? {})).toEqual(expect.arrayContaining((before[1] ?? []).slice(0, 3)));
    // Whether it was there can't be told any more: it is not counted again.
    expect(await gone.append([many[0] as Entry])).toMatchObject([{ inserted: false }]);
    expect((await gone.costs({ ...ALL, by: [] }))[0]?.calls).toBe(61);
  });

  test('a ledger of a newer program is refused, and says what to do; one without a server names it', async () => {
    const url = server.url();
    await (await openPostgresLedger({ url })).close();
    await sql(url, (s) => `UPDATE ${s}.ledger_version SET version = ${migrations.length + 1}`);
    await expect(openPostgresLedger({ url })).rejects.toMatchObject({
      code: 'ledger_unusable',
      message: expect.stringMatching(/newer Spanledger .*update spanledger/),
    });
    await expect(openPostgresLedger({ url: 'postgres://me:s3cret@127.0.0.1:1/costs' })).rejects.toMatchObject({
      code: 'ledger_unusable',
      message: expect.stringMatching(/^ledger 127\.0\.0\.1:1\/costs: (?!.*s3cret).*is the server running/),
    });
  });
});
