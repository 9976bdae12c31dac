import { expect, test, vi } from 'vitest';
import { createCounters } from '../../../processor/metrics.ts';
import { collectMetrics } from '../../../processor/metrics/collect.ts';
import { startPush } from '../../../processor/metrics/push.ts';
import { createSpendMetrics } from '../../../processor/metrics/spend.ts';
import { makeEntry } from '../../support/entries.ts';
import { temporaryLedger } from '../../support/ledger.ts';
import { startSink, type SinkOptions } from '../../support/sink.ts';

const starts = { ledger: 1_790_000_000_000_001, process: 1_790_000_100_000_000 };
const NOW = 1_790_000_200_000_000;

interface Body {
  readonly resourceMetrics: readonly {
    readonly resource: unknown;
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
  }[];
}

async function push(intervalMs: number, answer?: SinkOptions['answer']) {
  const sink = await startSink(answer === undefined ? {} : { answer });
  const counters = createCounters();
  const ledger = await temporaryLedger();
  const spend = createSpendMetrics({ ledger, counters });
  await spend.start();
  spend.observe(await ledger.append([makeEntry(1, { dimensions: { feature: 'chat', customer_id: 'acme' } })]));
  const sources = {
    spend,
    counters,
    prices: { checked: '2026-09-21', models: 7, held: 0 },
    budgets: { states: () => [] },
  };
  const log = { warn: vi.fn<(...args: unknown[]) => void>() };
  const pusher = startPush({
    target: { endpoint: sink.url, headers: { 'x-tenant': 'acme' }, intervalMs },
    instance: 'here:9464',
    points: (now) => collectMetrics(sources, now),
    starts: () => Promise.resolve(starts),
    counters,
    log,
    now: () => NOW,
  });
  return { sink, pusher, counters, log };
}

test('the points of /metrics as OTLP: sums since their start, gauges, the names of OpenTelemetry', async () => {
  const { sink, pusher } = await push(60_000);
  await pusher.stop();
  const [request] = sink.requests;
  await sink.stop();
  expect(request).toMatchObject({
    path: '/v1/metrics',
    headers: { 'content-type': 'application/json', 'x-tenant': 'acme' },
  });
  const { resourceMetrics } = JSON.parse(Buffer.from(request?.body ?? []).toString()) as Body;
  expect(JSON.stringify(resourceMetrics[0]?.resource)).toContain('here:9464');
  const metrics = resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
  const of = (name: string): unknown => metrics.find((metric) => metric.name === name);
  const attribute = (key: string, stringValue: string): unknown => ({ key, value: { stringValue } });
  expect(of('spanledger.cost.usd')).toEqual({
    name: 'spanledger.cost.usd',
    unit: '',
    description: 'Cost of priced calls in USD',
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [
        {
          attributes: [
            attribute('provider', 'openai'),
            attribute('model', 'gpt-4o'),
            attribute('feature', 'chat'),
            attribute('plan', ''),
            attribute('team', ''),
            attribute('environment', ''),
          ],
          startTimeUnixNano: '1790000000000001000',
          timeUnixNano: '1790000200000000000',
          asDouble: 0.004,
        },
      ],
    },
  });
  expect(of('spanledger.received.spans')).toMatchObject({
    unit: '{span}',
    sum: { dataPoints: [{ attributes: [], startTimeUnixNano: '1790000100000000000', asDouble: 0 }] },
  });
  expect(of('spanledger.prices.models')).toMatchObject({
    gauge: { dataPoints: [{ timeUnixNano: '1790000200000000000', asDouble: 7 }] },
  });
});

test('again and again; a backend that fails is counted and told of once, and the next ones are sent', async () => {
  const { sink, pusher, counters, log } = await push(20, (n) => ({ status: n < 4 ? 503 : 200 }));
  await vi.waitFor(() => expect(sink.requests.length).toBeGreaterThan(4), 5_000);
  await pusher.stop();
  await sink.stop();
  expect(counters.get('metrics_push_failures')).toBe(3);
  expect(log.warn).toHaveBeenCalledTimes(1);
  expect(Buffer.from(sink.requests.at(-1)?.body ?? []).toString()).toContain('spanledger.metrics.push.failures');
});
