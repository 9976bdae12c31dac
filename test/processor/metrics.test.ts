import { expect, test } from 'vitest';
import { formatUsd, parseUsd } from '../../pricing/money.ts';
import type { Entry } from '../../processor/ledger.ts';
import { counterNames, createCounters, metricTable } from '../../processor/metrics.ts';
import { collectMetrics } from '../../processor/metrics/collect.ts';
import { createTopCustomers } from '../../processor/metrics/customers.ts';
import { exposition, prometheusName } from '../../processor/metrics/exposition.ts';
import { createSpendMetrics } from '../../processor/metrics/spend.ts';
import { makeEntry, unpriced } from '../support/entries.ts';
import { temporaryLedger } from '../support/ledger.ts';

/** Series and values of one metric, by its labels as written. */
function series(text: string, name: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(name.length, at), Number(line.slice(at + 1))];
    }),
  );
}

const sum = (values: Record<string, number>): number =>
  Object.values(values).reduce((total, value) => total + value, 0);

async function metricsOf(
  before: readonly Entry[],
  after: readonly Entry[],
  options: { seriesBudget?: number; topCustomers?: number } = {},
) {
  const ledger = await temporaryLedger();
  await ledger.append(before);
  const counters = createCounters();
  const spend = createSpendMetrics({ ledger, counters, ...options });
  await spend.start();
  spend.observe(await ledger.append(after));
  const sources = {
    spend,
    counters,
    prices: { checked: '2026-11-23', models: 1500, held: 0 },
    budgets: { states: () => [] },
  };
  return { counters, text: exposition(collectMetrics(sources, Date.UTC(2026, 10, 25) * 1000)) };
}

test('spend is that of the ledger: what it held at the start and what came since, resends not', async () => {
  const tags = { feature: 'chat', plan: 'pro', team: 'a', environment: 'production', customer_id: 'acme' };
  const counts = { input: 100, cache_read: 50, output: 10, reasoning: 5 };
  const rates = { input: '0.0000025', cache_read: '0.00000125', output: '0.00001', reasoning: '0.00001' };
  const { text } = await metricsOf(
    [makeEntry(1, { dimensions: tags }), makeEntry(2, { dimensions: tags, charge: unpriced('x') })],
    [makeEntry(1, { dimensions: tags }), makeEntry(3, { dimensions: tags, counts, rates })],
  );
  const labels = 'provider="openai",model="gpt-4o",feature="chat",plan="pro",team="a",environment="production"';
  expect(series(text, 'spanledger_cost_usd_total')).toEqual({ [`{${labels}}`]: 0.0044625 + 0 });
  expect(series(text, 'spanledger_calls_total')).toEqual({
    [`{${labels},status="priced"}`]: 2,
    [`{${labels},status="unpriced"}`]: 1,
  });
  expect(series(text, 'spanledger_tokens_total')).toEqual({
    [`{${labels},direction="input",type="input"}`]: 1700,
    [`{${labels},direction="input",type="cache_read"}`]: 50,
    [`{${labels},direction="output",type="output"}`]: 410,
    [`{${labels},direction="output",type="reasoning"}`]: 5,
  });
  expect(series(text, 'spanledger_prices_age_seconds')).toEqual({ '': 2 * 86_400 });
});

test('beyond the series budget labels are folded into "other": totals stay, and it is counted', async () => {
  const entries = Array.from({ length: 60 }, (_, n) =>
    makeEntry(n, { dimensions: { feature: `feature-${n % 30}`, model: `model-${n % 15}` } }),
  );
  const { text, counters } = await metricsOf(entries.slice(0, 20), entries.slice(20), { seriesBudget: 70 });
  const costs = series(text, 'spanledger_cost_usd_total');
  expect(sum(costs)).toBeCloseTo(60 * 0.004, 12);
  expect(Object.keys(costs).length).toBeLessThanOrEqual(21);
  expect(Object.keys(costs).some((labels) => labels.includes('feature="other"'))).toBe(true);
  expect(counters.get('series_overflow')).toBeGreaterThan(0);
  expect(sum(series(text, 'spanledger_calls_total'))).toBe(60);
});

test('customers have series for the dearest only; sums are exact and no counter ever falls', async () => {
  const customer = (n: number, name: string, times = 1): Entry =>
    makeEntry(n, { counts: { input: 1_000 * times }, dimensions: { customer_id: name } });
  const { text } = await metricsOf(
    [customer(1, 'big', 50), customer(2, 'mid', 20), customer(3, 'small')],
    [
      customer(4, 'small'),
      customer(5, 'big'),
      customer(6, 'mid', 2),
      customer(7, 'rising', 90),
      customer(8, 'other', 4),
    ],
    { topCustomers: 2 },
  );
  const costs = series(text, 'spanledger_customer_cost_usd_total');
  expect(costs).toEqual({
    '{customer_id="big"}': 0.0025,
    '{customer_id="mid"}': 0.005,
    '{customer_id="rising"}': 0.225,
    // "small", and a customer of that very name.
    '{customer_id="other"}': 0.0125,
  });
});

test('whoever has a series keeps it, and "other" never falls, whoever overtakes whom', () => {
  const top = createTopCustomers(3);
  let before = new Map<string, bigint>();
  let total = 0n;
  for (let i = 0; i < 2_000; i++) {
    const amount = BigInt((i * 7919) % 1_000);
    top.add(`c-${(i * i) % 41}`, amount);
    total += amount;
    const now = new Map(top.costs());
    for (const [name, cost] of before) expect(now.get(name) ?? -1n).toBeGreaterThanOrEqual(cost);
    expect([...now.values()].reduce((all, cost) => all + cost, 0n)).toBe(total);
    before = now;
  }
  expect(before.size).toBeLessThanOrEqual(2 * 3 + 1);
});

test('doubles are made of exact sums, at the end', async () => {
  const entries = Array.from({ length: 1_000 }, (_, n) =>
    makeEntry(n, { counts: { input: 1 }, rates: { input: '0.1' } }),
  );
  const { text } = await metricsOf([], entries);
  // 1,000 additions of 0.1 in doubles are 99.9999999999986.
  expect(Object.values(series(text, 'spanledger_cost_usd_total'))).toEqual([100]);
  expect(formatUsd(parseUsd('0.1') * 1_000n)).toBe('100');
});

test('what new calls lack is counted', async () => {
  const { text } = await metricsOf(
    [makeEntry(1, { usageState: 'estimated' })],
    [makeEntry(2, { usageState: 'estimated' }), makeEntry(3, { dimensions: { feature: 'chat', customer_id: 'acme' } })],
  );
  expect(series(text, 'spanledger_estimated_calls_total')).toEqual({ '{state="estimated"}': 1 });
  expect(series(text, 'spanledger_untagged_calls_total')).toEqual({ '{tag="customer_id"}': 1, '{tag="feature"}': 1 });
});

test('budgets: the fullest keys, 20 of each', () => {
  const state = (n: number) => ({
    budget: 'daily',
    labels: { customer_id: `c${n}` },
    period: { kind: 'day', start: '', end: '' },
    amount_usd: '0.1',
    spent_usd: '0.09',
    ratio: 0.9,
    state: 'alerting' as const,
    thresholds: [],
    unpriced_calls: 0,
    where: '',
  });
  const sources = {
    spend: { points: function* () {} },
    counters: createCounters(),
    prices: { checked: '2026-11-23', models: 1, held: 0 },
    budgets: { states: () => Array.from({ length: 50 }, (_, n) => state(n)) },
  };
  const ratios = series(exposition(collectMetrics(sources, 0)), 'spanledger_budget_ratio');
  expect(Object.keys(ratios)).toHaveLength(20);
  expect(ratios['{budget="daily",key="customer_id=c0"}']).toBe(0.9);
});

test('counters: a bounded number of labels, each of bounded length', () => {
  const counters = createCounters();
  for (let n = 0; n < 500; n++) counters.add('other_spans', 2, `scope-${n}`);
  counters.add('other_spans', 1, 'x'.repeat(10_000));
  expect(counters.get('other_spans')).toBe(1_001);
  expect(counters.labelled('other_spans').size).toBe(101);
  expect(counters.get('other_spans', 'other')).toBe(801);
  expect(counters.get('other_spans', 'scope-3')).toBe(2);
  expect([...counters.labelled('other_spans').keys()].every((label) => label.length <= 201)).toBe(true);
});

test('the text is what Prometheus reads: one block a metric, help and type first, values escaped', () => {
  const text = exposition([
    { metric: 'other_spans', labels: ['a "quoted"\nback\\slash'], value: 3 },
    { metric: 'received_spans', labels: [], value: 1e21 },
    { metric: 'other_spans', labels: ['b'], value: 0.1 },
    { metric: 'budget_ratio', labels: ['x', ''], value: Infinity },
  ]);
  expect(text).toBe(
    [
      '# HELP spanledger_other_spans_total Spans that speak of no LLM call, by instrumentation scope',
      '# TYPE spanledger_other_spans_total counter',
      String.raw`spanledger_other_spans_total{scope="a \"quoted\"\nback\\slash"} 3`,
      'spanledger_other_spans_total{scope="b"} 0.1',
      '# HELP spanledger_received_spans_total Spans received',
      '# TYPE spanledger_received_spans_total counter',
      'spanledger_received_spans_total 1e+21',
      '# HELP spanledger_budget_ratio Spent by amount in the running period',
      '# TYPE spanledger_budget_ratio gauge',
      'spanledger_budget_ratio{budget="x",key=""} +Inf',
      '',
    ].join('\n'),
  );
});

test('the table: names that Prometheus allows, each once, with a sentence', () => {
  const rows = Object.values(metricTable);
  const names = rows.map(prometheusName);
  expect(new Set(names).size).toBe(rows.length);
  for (const name of names) expect(name).toMatch(/^spanledger(_[a-z0-9]+)+$/);
  for (const { help } of rows) expect(help).toMatch(/^[A-Z][^\n]{10,}[^.]$/);
  for (const name of counterNames) expect(metricTable[name].labels.length).toBeLessThanOrEqual(1);
});

test('OpenMetrics: families without "_total", the end marked, quotes in helps escaped, starts where asked for', () => {
  const points = [
    { metric: 'cost', labels: ['openai', 'gpt-4o'], value: 0.5 },
    { metric: 'customer_cost', labels: ['other'], value: 1 },
    { metric: 'price_models', labels: [], value: 2 },
  ] as const;
  const labels = '{provider="openai",model="gpt-4o",feature="",plan="",team="",environment=""}';
  const starts = { ledger: 1_000_000_500_000, process: 2_000_000_000_000 };
  expect(exposition(points, 'openmetrics', starts).split('\n')).toEqual([
    '# HELP spanledger_cost_usd Cost of priced calls in USD',
    '# TYPE spanledger_cost_usd counter',
    `spanledger_cost_usd_total${labels} 0.5`,
    `spanledger_cost_usd_created${labels} 1000000.5`,
    String.raw`# HELP spanledger_customer_cost_usd Cost in USD since the processor started, of the dearest customers; all others are \"other\"`,
    '# TYPE spanledger_customer_cost_usd counter',
    'spanledger_customer_cost_usd_total{customer_id="other"} 1',
    'spanledger_customer_cost_usd_created{customer_id="other"} 2000000',
    '# HELP spanledger_prices_models Models in the price book',
    '# TYPE spanledger_prices_models gauge',
    'spanledger_prices_models 2',
    '# EOF',
    '',
  ]);
  expect(exposition(points, 'openmetrics')).not.toContain('_created');
  // The older text escapes no quotes in helps, and knows no starts.
  expect(exposition(points, 'text', starts)).toContain('all others are "other"\n');
  expect(exposition(points, 'text', starts)).not.toMatch(/_created|EOF/);
});
