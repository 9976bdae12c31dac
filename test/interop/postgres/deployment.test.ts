/** PostgreSQL as it is run in production: TLS, a server that follows, failover, several processors at their first start. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Entry, Ledger } from '../../../processor/ledger.ts';
import { openPostgresLedger, type PostgresOptions } from '../../../processor/stores/postgres.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';
import { temporaryFolder } from '../../support/ledger.ts';
import { report } from '../faults/report.ts';
import { ownedByServer, postgresFolder, startPostgres, type Postgres } from '../support/postgres.ts';

const ALL = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC', by: [] } as const;
const batch = (from: number, count: number): Entry[] => Array.from({ length: count }, (_, n) => makeEntry(from + n));

describe.skipIf(postgresFolder() === undefined)('PostgreSQL in production', { timeout: 60_000 }, () => {
  async function start(settings: readonly string[] = []): Promise<Postgres> {
    const server = await startPostgres(settings);
    onTestFinished(() => server.stop());
    return server;
  }

  async function open(options: PostgresOptions): Promise<Ledger> {
    const ledger = await openPostgresLedger(options);
    onTestFinished(() => ledger.close());
    return ledger;
  }

  const callsOf = async (ledger: Ledger): Promise<number> => (await ledger.costs(ALL))[0]?.calls ?? 0;

  async function connected(url: string): Promise<Client> {
    const client = new Client({ connectionString: url.replace(/[?&]schema=[^&]*/, '') });
    client.on('error', () => undefined);
    await client.connect();
    onTestFinished(() => client.end());
    return client;
  }

  /** A certificate of its own authority, for `name`. */
  function certificate(name: string): { readonly cert: string; readonly key: string } {
    const folder = temporaryFolder();
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=spanledger test', '-addext', `subjectAltName=${name}`];
    const how = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...how, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
    chmodSync(key, 0o600);
    chmodSync(folder, 0o755);
    ownedByServer(cert, key);
    return { cert, key };
  }

  test('TLS: with the certificate and name of the server checked, or not at all', async () => {
    const { cert, key } = certificate('IP:127.0.0.1');
    const server = await start(['fsync=off', 'ssl=on', `ssl_cert_file=${cert}`, `ssl_key_file=${key}`]);
    const plain = server.url();
    const tls = (mode: string): string => plain.replace('sslmode=disable', mode);
    const ledger = await open({ url: tls(`sslmode=verify-full&sslrootcert=${encodeURIComponent(cert)}`) });
    await ledger.append(batch(0, 100));
    expect(await callsOf(ledger)).toBe(100);
    const watcher = await connected(plain);
    const used = await watcher.query(
      `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'spanledger'`,
    );
    expect(used.rows).toEqual([{ ssl: true }]);
    // Another authority, and another name.
    const refused = { code: 'ledger_unusable', message: expect.stringMatching(/certificate|altnames/) };
    await expect(openPostgresLedger({ url: tls('sslmode=verify-full') })).rejects.toMatchObject(refused);
    const other = certificate('DNS:elsewhere.example');
    const misnamed = await start(['ssl=on', `ssl_cert_file=${other.cert}`, `ssl_key_file=${other.key}`]);
    const url = misnamed
      .url()
      .replace('sslmode=disable', `sslmode=verify-full&sslrootcert=${encodeURIComponent(other.cert)}`);
    await expect(openPostgresLedger({ url })).rejects.toMatchObject(refused);
    const unchecked = await open({ url: misnamed.url().replace('sslmode=disable', 'sslmode=no-verify') });
    expect(await callsOf(unchecked)).toBe(0);
  });

  test('a replica answers questions; it may be away while calls are taken, and answer while the primary is away', async () => {
    const primary = await start(['fsync=off']);
    const url = primary.url('prod');
    await (await openPostgresLedger({ url })).close();
    const follower = await primary.follow();
    onTestFinished(() => follower.stop());
    const ledger = await open({ url, replica: follower.url('prod') });
    await ledger.append(batch(0, 100));
    await expect.poll(() => callsOf(ledger), { timeout: 10_000 }).toBe(100);
    follower.halt('fast');
    await expect(ledger.costs(ALL)).rejects.toMatchObject({ code: 'ledger_unavailable' });
    expect((await ledger.append(batch(50, 100))).filter(({ inserted }) => inserted)).toHaveLength(50);
    // What decides about money is read from the primary.
    const { traceId, spanId } = makeEntry(149);
    expect(await ledger.find(traceId, spanId)).toHaveLength(1);
    follower.start();
    await expect.poll(() => callsOf(ledger).catch(() => 0), { timeout: 10_000 }).toBe(150);
    primary.halt('fast');
    expect(await callsOf(ledger)).toBe(150);
    await expect(ledger.append(batch(200, 50))).rejects.toMatchObject({ code: 'ledger_unavailable' });
    await expect(openPostgresLedger({ url: follower.url('empty') })).rejects.toMatchObject({
      code: 'ledger_unusable',
      message: expect.stringContaining('name the primary'),
    });
  });

  /** The address that stays while servers come and go, as a floating IP or a proxy is. */
  async function address(to: string): Promise<{ readonly url: string; move(to: string): void }> {
    let port = Number(new URL(to).port);
    const open = new Set<Socket>();
    const server = createServer((inner) => {
      const outer = connect(port, '127.0.0.1');
      for (const [one, two] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        open.add(one);
        one.on('error', () => two.destroy()).on('close', () => two.destroy());
        one.pipe(two);
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(to);
    url.port = String((server.address() as AddressInfo).port);
    onTestFinished(() => {
      server.close();
      for (const socket of open) socket.destroy();
    });
    return {
      url: url.href,
      move(next) {
        port = Number(new URL(next).port);
        for (const socket of open) socket.destroy();
        open.clear();
      },
    };
  }

  test('failover in the middle of batches: what was acknowledged is there once, and it goes on', async () => {
    const primary = await start();
    const follower = await primary.follow();
    onTestFinished(() => follower.stop());
    const admin = await connected(primary.url());
    // Else a commit may be acknowledged that the other server never got.
    await admin.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
    await admin.query('SELECT pg_reload_conf()');
    await expect
      .poll(async () => (await admin.query('SELECT sync_state FROM pg_stat_replication')).rows, { timeout: 10_000 })
      .toEqual([{ sync_state: 'sync' }]);
    const floating = await address(primary.url('prod'));
    const ledger = await open({ url: floating.url });
    let [sent, acknowledged, refused, afterwards] = [0, 0, 0, 0];
    const stop = new AbortController();
    const lanes = Array.from({ length: 4 }, async (_, lane) => {
      for (let k = 0; !stop.signal.aborted || afterwards === 0; k++) {
        const calls = batch(lane * 1_000_000 + k * 100, 100);
        sent += calls.length;
        for (let taken = false; !taken;)
          try {
            await ledger.append(calls);
            taken = true;
          } catch (error) {
            expect(error).toMatchObject({ code: 'ledger_unavailable' });
            refused++;
            await sleep(20);
          }
        acknowledged += calls.length;
        if (stop.signal.aborted) afterwards++;
      }
    });
    await sleep(700);
    primary.halt('immediate');
    await sleep(100);
    follower.promote();
    // It has nobody that follows it now, and must not wait for one.
    const promoted = await connected(follower.url());
    await promoted.query('ALTER SYSTEM RESET synchronous_standby_names');
    await promoted.query('SELECT pg_reload_conf()');
    floating.move(follower.url('prod'));
    await sleep(500);
    stop.abort();
    await Promise.all(lanes);
    expect(refused).toBeGreaterThan(0);
    expect(acknowledged).toBeGreaterThan(1_000);
    const inLedger = await callsOf(ledger);
    expect(inLedger).toBe(acknowledged);
    report(
      'PostgreSQL: failover in the middle of batches',
      { sent, acknowledged, inLedger },
      `the primary crashes, a synchronous replica is promoted; ${refused} batches refused, and sent again`,
    );
    expect((await ledger.derive(ALL)).total).toBe(BigInt(acknowledged) * 4_000_000_000_000n);
  });

  test('processors that start at once on an empty database, while connections are cut: all of a version or nothing', async () => {
    const server = await start(['fsync=off']);
    const killer = await connected(server.url());
    const began = performance.now();
    await (await openPostgresLedger({ url: server.url() })).close();
    // From the start to well after the end of a first start, on a fast machine or a slow one.
    const step = (performance.now() - began) / 6;
    let [cut, whole, sent, inLedger] = [0, 0, 0, 0];
    for (let round = 0; round < 12; round++) {
      const url = server.url();
      const schema = new URL(url).searchParams.get('schema');
      const opening = Promise.allSettled([1, 2].map(() => openPostgresLedger({ url })));
      await sleep(round * step);
      await killer.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spanledger'`,
      );
      const opened = await opening;
      for (const result of opened)
        if (result.status === 'fulfilled') await result.value.close();
        else {
          cut++;
          expect(result.reason).toMatchObject({ code: 'ledger_unusable' });
        }
      const { rows } = await killer.query<{ tables: string[] }>(
        `SELECT array_agg(relname::text) AS tables FROM pg_class WHERE relnamespace = to_regnamespace($1)`,
        [schema],
      );
      const tables = rows[0]?.tables ?? [];
      if (tables.length > 0) whole++;
      expect(tables.includes('ledger_version')).toBe(tables.includes('write_check'));
      // Whatever was left, the next start has it right.
      const [one, two] = await Promise.all([open({ url }), open({ url })]);
      await Promise.all([one.append(batch(0, 50)), two.append(batch(25, 50))]);
      sent += 75;
      expect(await callsOf(one)).toBe(75);
      inLedger += await callsOf(two);
      await Promise.all([one.close(), two.close()]);
    }
    // Else nothing was cut in time, or everything.
    expect(cut).toBeGreaterThan(0);
    expect(whole).toBeGreaterThan(0);
    report(
      'PostgreSQL: first starts of two processors, cut',
      { sent, acknowledged: sent, inLedger },
      `12 empty databases; ${cut} starts refused, ${whole} schemas were whole and ${12 - whole} not there at all; the next start was fine 12 times`,
    );
  });

  test('what is held back is claimed by one of several processors; a row that somebody has locked holds nobody up', async () => {
    const server = await start(['fsync=off']);
    const url = server.url();
    const ledgers = await Promise.all([1, 2, 3, 4].map(() => open({ url })));
    const [first] = ledgers;
    const rows = Array.from({ length: 2_000 }, (_, n) => ({
      traceId: n.toString(16).padStart(32, '0'),
      spanId: 'a'.repeat(16),
      kind: n % 2 === 0 ? ('aggregate' as const) : ('open' as const),
      state: 'waiting' as const,
      startUs: NOVEMBER,
      endUs: NOVEMBER,
      dueUs: NOVEMBER + n,
      body: '{}',
    }));
    await first?.window.hold(rows);
    const locker = await connected(url);
    await locker.query('BEGIN');
    const schema = new URL(url).searchParams.get('schema');
    await locker.query(`SELECT 1 FROM ${schema}.held WHERE due_us < ${NOVEMBER + 10} FOR UPDATE`);
    const claimed = await Promise.all(
      ledgers.map(async ({ window }) => {
        const mine: string[] = [];
        for (let found = 1; found > 0;) {
          const due = await window.claim({ now: NOVEMBER + 10_000, until: NOVEMBER + 1e9, limit: 40 });
          found = due.length;
          mine.push(...due.map(({ traceId, kind }) => traceId + kind));
        }
        return mine;
      }),
    );
    expect(claimed.flat()).toHaveLength(1_990);
    expect(new Set(claimed.flat()).size).toBe(1_990);
    expect(claimed.filter((mine) => mine.length > 0).length).toBeGreaterThan(1);
    await locker.query('ROLLBACK');
    expect(await first?.window.claim({ now: NOVEMBER + 10_000, until: NOVEMBER + 1e9, limit: 40 })).toHaveLength(10);
  });
});
