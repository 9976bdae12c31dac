import type { ClientBase } from 'pg';
import { SpanledgerError } from '../../errors.ts';
import { dimensionNames } from '../../ledger.ts';
import { lockKeys, type Location } from './location.ts';

/** `xid8`, by which processors tell each other what is new, is there since 13. */
const OLDEST_SERVER = 130_000;

const texts = (names: readonly string[]): string => names.map((name) => `${name} text NOT NULL`).join(', ');

/**
 * Forward only, each in a transaction of its own. Never edit one that was released: append. `s` is the schema, quoted.
 *
 * Version 1.
 * - `entry` is partitioned by month of `start_us`, which a resend repeats, so the key holds it. There is no default
 *   partition: it would have to be read through whenever a month is added.
 * - `tx` is the transaction that wrote a revision: how other processors find what is new (see feed.ts).
 * - `span_part` finds a call whose time is not known: a whole span id, being random, would be six times the index.
 * - Texts that repeat are numbers of `dimension`, `call_kind` and `price`, whose `hash` is that of their values, because
 *   a key of texts may be longer than an index takes. Rows of them are never changed (but by "erase") nor removed.
 * - `progress`: see progress.ts. `epoch` moves when numbers that processors remember do not hold any more.
 */
export const migrations: readonly ((s: string) => string)[] = [
  (s) => `
    CREATE TABLE ${s}.dimension (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hash bytea NOT NULL UNIQUE,
      ${texts(dimensionNames)});
    CREATE TABLE ${s}.call_kind (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hash bytea NOT NULL UNIQUE,
      ${texts(['operation', 'dialect', 'usage_state', 'basis', 'unpriced_reason', 'sent_provider', 'sent_model', 'region', 'adjustment'])});
    CREATE TABLE ${s}.price (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hash bytea NOT NULL UNIQUE,
      ${texts(['provider', 'model', 'price_id', 'version', 'source', 'own_lines', 'rates'])});
    CREATE TABLE ${s}.entry (
      start_us bigint NOT NULL, duration_us bigint NOT NULL, attempts bigint NOT NULL,
      tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
      dimension bigint NOT NULL, kind bigint NOT NULL, price bigint,
      input bigint NOT NULL, cache_read bigint NOT NULL, cache_write_5m bigint NOT NULL, cache_write_1h bigint NOT NULL,
      cache_write bigint NOT NULL, output bigint NOT NULL, reasoning bigint NOT NULL,
      more_input bigint NOT NULL, more_cache_read bigint NOT NULL, more_output bigint NOT NULL,
      rev integer NOT NULL, span_part integer NOT NULL, span bytea NOT NULL, cost numeric(38,15) NOT NULL,
      task_id text, user_id text, session_id text, response_id text, more text,
      PRIMARY KEY (start_us, span, rev)
    ) PARTITION BY RANGE (start_us);
    CREATE INDEX entry_by_tx ON ${s}.entry (tx);
    CREATE INDEX entry_by_span ON ${s}.entry (span_part);
    CREATE TABLE ${s}.entry_early PARTITION OF ${s}.entry FOR VALUES FROM (MINVALUE) TO (${Date.UTC(2020, 0, 1) * 1000});
    CREATE TABLE ${s}.entry_late PARTITION OF ${s}.entry FOR VALUES FROM (${Date.UTC(2100, 0, 1) * 1000}) TO (MAXVALUE);
    CREATE TABLE ${s}.rollup (
      hour integer NOT NULL, dimension bigint NOT NULL, calls bigint NOT NULL,
      input bigint NOT NULL, cache_read bigint NOT NULL, cache_write bigint NOT NULL,
      output bigint NOT NULL, reasoning bigint NOT NULL,
      cost numeric(38,15) NOT NULL CONSTRAINT kept_exactly CHECK (cost BETWEEN -9223372036.854775808 AND 9223372036.854775807),
      PRIMARY KEY (hour, dimension)
    ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
    CREATE TABLE ${s}.crossing (digest bytea PRIMARY KEY, key text COLLATE "C" NOT NULL, at_us bigint NOT NULL,
      payload text NOT NULL, delivered boolean NOT NULL);
    CREATE INDEX crossing_undelivered ON ${s}.crossing (at_us) WHERE NOT delivered;
    CREATE TABLE ${s}.audit (id text COLLATE "C" PRIMARY KEY, at_us bigint NOT NULL, action text NOT NULL, detail text NOT NULL);
    CREATE INDEX audit_by_time ON ${s}.audit (at_us);
    CREATE TABLE ${s}.held (trace bytea NOT NULL, span bytea NOT NULL, kind text NOT NULL, state text NOT NULL,
      start_us bigint NOT NULL, end_us bigint NOT NULL, due_us bigint NOT NULL, body text NOT NULL,
      PRIMARY KEY (trace, span, kind));
    CREATE INDEX held_by_due ON ${s}.held (due_us);
    CREATE INDEX held_open ON ${s}.held (start_us) WHERE kind = 'open' AND state = 'waiting';
    CREATE TABLE ${s}.revenue (month text NOT NULL, digest bytea NOT NULL, customer_id text NOT NULL, id text NOT NULL,
      amount numeric(38,15) NOT NULL, PRIMARY KEY (month, digest));
    CREATE TABLE ${s}.revenue_import (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at_us bigint NOT NULL,
      rows bigint NOT NULL);
    CREATE TABLE ${s}.progress (id integer PRIMARY KEY CHECK (id = 1), compacted_us bigint NOT NULL, kept_us bigint NOT NULL,
      epoch bigint NOT NULL);
    INSERT INTO ${s}.progress VALUES (1, 0, 0, 0);
    CREATE TABLE ${s}.write_check (id integer PRIMARY KEY CHECK (id = 1), count bigint NOT NULL);
    INSERT INTO ${s}.write_check VALUES (1, 0);`,
];

/**
 * Brings a database to the newest version. Any number of processors may do so at once: one works, the others wait and find
 * it done. An interrupted one leaves the version before.
 *
 * @throws SpanledgerError `ledger_unusable` for a server that is too old and a ledger that is too new
 */
export async function migrate(client: ClientBase, location: Location): Promise<void> {
  const { schema, shown } = location;
  const server = await client.query<{ version: string }>(`SELECT current_setting('server_version_num') AS version`);
  if (Number(server.rows[0]?.version) < OLDEST_SERVER)
    throw new SpanledgerError('ledger_unusable', `ledger ${shown}: PostgreSQL 13 or newer is needed`);
  for (let done = false; !done;) {
    await client.query('BEGIN');
    try {
      // Others may be at it for long: an index on a large table takes its time.
      await client.query('SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0');
      await client.query('SELECT pg_advisory_xact_lock($1)', [lockKeys(schema).migrate]);
      done = await step(client, location);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}

/** Whether there is nothing left to do. */
async function step(client: ClientBase, location: Location): Promise<boolean> {
  const { schema } = location;
  const found = await foundVersion(client, location);
  const next = migrations[found];
  if (next === undefined) return true;
  if (found === 0) {
    const there = await client.query('SELECT to_regnamespace($1) IS NOT NULL AS there', [schema]);
    if (there.rows[0]?.there !== true) await client.query(`CREATE SCHEMA ${schema}`);
    await client.query(`CREATE TABLE ${schema}.ledger_version (version integer NOT NULL);
      INSERT INTO ${schema}.ledger_version VALUES (0)`);
  }
  await client.query(next(schema));
  await client.query(`UPDATE ${schema}.ledger_version SET version = $1`, [found + 1]);
  return found + 1 === migrations.length;
}

/** For commands that only ask: refuses anything but the newest version. */
export async function requireCurrent(client: ClientBase, location: Location): Promise<void> {
  const found = await foundVersion(client, location);
  if (found === migrations.length) return;
  const why =
    found === 0 ? 'there is no ledger yet' : `its version is ${found}, this program reads ${migrations.length}`;
  throw new SpanledgerError(
    'ledger_unusable',
    `ledger ${location.shown}: ${why}: start "spanledger serve" once, it brings the database up to date`,
  );
}

/** 0 where there is no ledger. Refuses what a newer program wrote. */
async function foundVersion(client: ClientBase, { schema, shown }: Location): Promise<number> {
  const table = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    `${schema}.ledger_version`,
  ]);
  if (table.rows[0]?.there !== true) return 0;
  const rows = await client.query<{ version: number }>(`SELECT version FROM ${schema}.ledger_version`);
  const found = rows.rows[0]?.version ?? 0;
  if (found > migrations.length)
    throw new SpanledgerError(
      'ledger_unusable',
      `ledger ${shown} was written by a newer Spanledger (ledger version ${found}, this one knows ${migrations.length}): update spanledger`,
    );
  return found;
}
