/**
 * The ledger in PostgreSQL against a bare COPY of the same rows into a table with the same columns and key:
 * `npm run bench -- ledger-postgres [entries]` (200,000). A server of its own is started in a temporary folder; where there is
 * none, it says so.
 *
 * 1,000 customers x 20 features x 8 models by Zipf, in groups of 1,000, in the order of time, over 60 days. Both take the
 * groups one after the other on two connections, and sync every commit. The answer is checked before anything is told.
 */
import { once } from 'node:events';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { formatUsd } from '../../pricing/money.ts';
import type { Entry } from '../../processor/ledger.ts';
import { openPostgresLedger } from '../../processor/stores/postgres.ts';
import { copyText, entryValues, written } from '../../processor/stores/postgres/entry-row.ts';
import { postgresFolder, startPostgres } from '../interop/support/postgres.ts';
import { makeEntry, NOVEMBER } from '../support/entries.ts';

const entries = Number(process.argv[2] ?? 200_000);
const GROUP = 1_000;
const CONNECTIONS = 2;
const SPAN_OF_TIME = 60 * 86_400_000_000;

/** A small generator of random numbers, so that every run makes the same entries. */
let state = 7;
function next(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

function zipf(size: number): () => number {
  const weights = Array.from({ length: size }, (_, index) => 1 / (index + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const bounds = weights.map((weight) => (sum += weight) / total);
  return () => {
    const at = next();
    return Math.max(
      0,
      bounds.findIndex((bound) => bound >= at),
    );
  };
}

const [customer, feature, model] = [zipf(1_000), zipf(20), zipf(8)];

function hex(digits: number): string {
  let text = '';
  while (text.length < digits)
    text += Math.floor(next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return text;
}

/** $0.004 each, whatever the model: the total is known. */
function makeGroup(start: number): Entry[] {
  return Array.from({ length: Math.min(GROUP, entries - start) }, (_, index) => {
    const n = start + index;
    const base = makeEntry(n);
    const dimensions = {
      ...base.dimensions,
      customer_id: `customer-${customer()}`,
      feature: `feature-${feature()}`,
      model: `model-${model()}`,
    };
    const startUs = NOVEMBER - SPAN_OF_TIME + Math.floor((n * SPAN_OF_TIME) / entries);
    return { ...base, startUs, traceId: hex(32), spanId: hex(16), dimensions };
  });
}

/** All groups, two at a time. */
async function rate(
  groups: readonly Entry[][],
  take: (group: Entry[], lane: number) => Promise<void>,
): Promise<number> {
  let at = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, lane) => {
      for (let group = groups[at++]; group !== undefined; group = groups[at++]) await take(group, lane);
    }),
  );
  return entries / ((performance.now() - began) / 1000);
}

async function bareCopy(url: string, groups: readonly Entry[][]): Promise<number> {
  const clients = Array.from(
    { length: CONNECTIONS },
    () => new Client({ connectionString: url.replace(/&schema=.*/, '') }),
  );
  await Promise.all(clients.map((client) => client.connect()));
  await clients[0]?.query(`DROP TABLE IF EXISTS bare; CREATE TABLE bare (
    ${written.map(([name, type]) => `${name} ${type}`).join(', ')}, PRIMARY KEY (start_us, span, rev))`);
  const numbers = { dimension: 1, kind: 1, price: 1, own: undefined };
  const found = await rate(groups, async (group, lane) => {
    const copy = clients[lane]?.query(copyFrom('COPY bare FROM STDIN'));
    if (copy === undefined) return;
    const finished = once(copy, 'finish');
    copy.end(copyText(group.map((entry) => entryValues(entry, numbers))));
    await finished;
  });
  await Promise.all(clients.map((client) => client.end()));
  return found;
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

if (postgresFolder() === undefined) console.log('there is no PostgreSQL on this machine: nothing is measured');
else {
  const server = await startPostgres(['shared_buffers=256MB', 'max_wal_size=4GB']);
  try {
    const groups = Array.from({ length: Math.ceil(entries / GROUP) }, (_, index) => makeGroup(index * GROUP));
    const bare: number[] = [];
    const own: number[] = [];
    for (let round = 0; round < 2; round++) {
      const url = server.url();
      bare.push(await bareCopy(url, groups));
      const ledger = await openPostgresLedger({ url });
      own.push(await rate(groups, async (group) => void (await ledger.append(group))));
      const [sums] = await ledger.costs({ by: [], where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' });
      const expected = formatUsd(BigInt(entries) * 4_000_000_000_000n);
      if (sums === undefined || formatUsd(sums.cost) !== expected)
        throw new Error(`the ledger says $${formatUsd(sums?.cost ?? 0n)}, not $${expected}`);
      const began = performance.now();
      await ledger.costs({
        by: ['customer_id'],
        where: [],
        from: NOVEMBER - SPAN_OF_TIME / 2,
        to: NOVEMBER,
        timezone: 'UTC',
      });
      if (round === 1) console.log(`cost by customer for 30 days: ${(performance.now() - began).toFixed(0)} ms`);
      await ledger.close();
    }
    const [bestBare, bestOwn] = [Math.max(...bare), Math.max(...own)];
    console.log(
      `bare COPY ${whole(bestBare)} rows/s, ledger ${whole(bestOwn)} rows/s, with sums, key, months and dictionary`,
    );
    console.log(`ratio ${(bestOwn / bestBare).toFixed(2)} (goal: 0.6 or more)`);
  } finally {
    server.stop();
  }
}
