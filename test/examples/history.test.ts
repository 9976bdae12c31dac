import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { expectedByFeature, makeHistory, otlpRequests } from '../../examples/history.ts';
import { costOf } from '../../examples/rates.ts';
import { formatUsd } from '../../pricing/money.ts';
import { decodeJson } from '../support/sink/json.ts';

const now = Date.UTC(2026, 10, 25, 12);
const history = makeHistory(now);

test('9,000 calls over 28 days, of 12 customers on 4 plans', () => {
  expect(history).toHaveLength(9000);
  expect(new Set(history.map(({ customer }) => customer)).size).toBe(12);
  expect(new Set(history.map(({ plan }) => plan)).size).toBe(4);
  expect(new Set(history.map(({ traceId, spanId }) => traceId + spanId)).size).toBe(9000);
  const days = (now - (history[0]?.startMs ?? 0)) / 86_400_000;
  expect(days).toBeGreaterThan(27.9);
  expect(days).toBeLessThan(28.1);
  expect(Math.max(...history.map(({ endMs }) => endMs))).toBeLessThanOrEqual(now - 600_000);
});

test('only its dates move with the clock', () => {
  const later = makeHistory(now + 3_600_000);
  expect(later).toEqual(
    history.map((call) => ({ ...call, startMs: call.startMs + 3_600_000, endMs: call.endMs + 3_600_000 })),
  );
});

test('the table, to the cent', () => {
  expect([...expectedByFeature()].map(([feature, cost]) => [feature, formatUsd(cost)])).toEqual([
    ['summarizer', '14'],
    ['chatbot', '7.2'],
    ['email-generator', '4.8'],
    ['search', '3.4'],
    ['classifier', '1.8'],
    ['admin', '0.8'],
  ]);
  expect(formatUsd(costOf('gpt-4o', 1250, 340))).toBe('0.006525');
});

test('a feature that grows crowds towards today', () => {
  const recent = (feature: string): number =>
    history.filter((call) => call.feature === feature && now - call.endMs < 7 * 86_400_000).length;
  expect(recent('chatbot')).toBeGreaterThan(recent('admin') * 1.5);
});

test('every call is a span, in requests of the size asked for', () => {
  const requests = otlpRequests(history, 500);
  expect(requests).toHaveLength(18);
  const spans = requests.flatMap((request) => decodeJson(gunzipSync(request).toString()));
  expect(spans).toHaveLength(9000);
  expect(spans[0]).toMatchObject({
    resource: { 'deployment.environment.name': 'production' },
    spanId: history[0]?.spanId,
    start: BigInt(history[0]?.startMs ?? 0) * 1_000_000n,
    attributes: { 'gen_ai.usage.input_tokens': history[0]?.input, 'spanledger.customer_id': history[0]?.customer },
  });
});
