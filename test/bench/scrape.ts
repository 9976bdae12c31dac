/**
 * What a scrape of a full series budget costs, beside prom-client with the very same series: `node test/bench/scrape.ts`.
 *
 * Both are asked for the text after every counter has risen; prom-client holds doubles, ours are made of exact sums each
 * time. Processor time, not elapsed time; the median of the rounds.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counter, Registry } from 'prom-client';
import { createCounters, metricTable, type Metric } from '../../processor/metrics.ts';
import { collectMetrics } from '../../processor/metrics/collect.ts';
import { exposition, prometheusName } from '../../processor/metrics/exposition.ts';
import { createSpendMetrics } from '../../processor/metrics/spend.ts';
import { otlpMetrics } from '../../processor/metrics/otlp.ts';
import { openSqliteLedger } from '../../processor/stores/sqlite.ts';
import { makeEntry } from '../support/entries.ts';

const SERIES = 10_000;
/** Cost, calls, and five types of tokens. */
const SETS = Math.floor(SERIES / 7);
const ROUNDS = 40;
const LIMIT_MS = 50;

const folder = mkdtempSync(join(tmpdir(), 'spanledger-bench-'));
const ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
const counters = createCounters();
const spend = createSpendMetrics({ ledger, counters });
await spend.start();

const counts = { input: 1_000, cache_read: 500, cache_write_5m: 250, output: 200, reasoning: 100 };
const rates = {
  input: '0.0000025',
  cache_read: '0.00000125',
  cache_write_5m: '0.000003',
  output: '0.00001',
  reasoning: '0.00001',
};
const sets = Array.from({ length: SETS }, (_, n) => ({
  model: `model-${n % 12}`,
  feature: `feature-${n % 50}`,
  team: `team-${n % 7}`,
  plan: ['free', 'pro', 'enterprise'][n % 3] ?? '',
  environment: `environment-${Math.floor(n / 50)}`,
}));
const entriesOf = (round: number): ReturnType<typeof makeEntry>[] =>
  sets.map((dimensions, n) => makeEntry(round * SETS + n, { dimensions, counts, rates }));
spend.observe(await ledger.append(entriesOf(0)));

const sources = {
  spend,
  counters,
  prices: { checked: '2026-11-23', models: 1, held: 0 },
  budgets: { states: () => [] },
};
const points = [...spend.points()];
const registry = new Registry();
const theirs = new Map<string, Counter>();
for (const { metric } of points) {
  const row: Metric = metricTable[metric];
  const name = prometheusName(row);
  if (!theirs.has(name))
    theirs.set(name, new Counter({ name, help: row.help, labelNames: row.labels, registers: [registry] }));
}
for (const { metric, labels, value } of points) {
  const row: Metric = metricTable[metric];
  const values = Object.fromEntries(row.labels.map((label, index) => [label, labels[index] ?? '']));
  theirs.get(prometheusName(row))?.inc(values, value);
}

const sampleLines = (text: string): Set<string> =>
  new Set(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')));
const own = sampleLines(exposition(spend.points()));
assert.deepEqual(own, sampleLines(await registry.metrics()), 'both write the same samples');

async function cpuMs(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return times.toSorted((a, b) => a - b)[ROUNDS / 2] ?? Number.NaN;
}

const now = Date.now() * 1000;
const starts = { ledger: now, process: now };
const figures = {
  'spanledger, text': await cpuMs(() => exposition(collectMetrics(sources, now))),
  'spanledger, OpenMetrics': await cpuMs(() => exposition(collectMetrics(sources, now), 'openmetrics')),
  'spanledger, OpenMetrics with _created': await cpuMs(() =>
    exposition(collectMetrics(sources, now), 'openmetrics', starts),
  ),
  'spanledger, OTLP/JSON': await cpuMs(() => otlpMetrics(collectMetrics(sources, now), starts, now, 'bench')),
  'prom-client, text': await cpuMs(() => registry.metrics()),
};
const theirMs = figures['prom-client, text'];
console.log(`${own.size.toLocaleString('en-US')} series, processor time of a scrape, median of ${ROUNDS}`);
for (const [name, ms] of Object.entries(figures))
  console.log(`  ${name.padEnd(40)} ${ms.toFixed(1).padStart(6)} ms  ${(ms / theirMs).toFixed(2)} x prom-client`);

await ledger.close();
rmSync(folder, { recursive: true, force: true });
const over = Object.entries(figures).filter(([name, ms]) => name.startsWith('spanledger') && ms > LIMIT_MS);
if (over.length > 0) {
  console.error(`over ${LIMIT_MS} ms: ${over.map(([name]) => name).join('; ')}`);
  process.exitCode = 1;
}
