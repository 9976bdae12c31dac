import { gzipSync } from 'node:zlib';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, expect, test } from 'vitest';
import { startSink, type Sink } from './sink.ts';

let sink: Sink;
afterEach(() => sink.stop());

const expected = {
  resource: { 'service.name': 'demo' },
  scope: { name: 'app', version: '1.2.3' },
  parentSpanId: '',
  name: 'chat gpt-4o',
  kind: 3,
  start: 1_790_000_000_000_000_005n,
  end: 1_790_000_001_000_000_009n,
  status: { code: 2, message: 'broken' },
  attributes: { text: 'ö', whole: 1250, half: 0.5, negative: -3, yes: true, no: false, list: ['a', 'b'] },
  events: [{ name: 'retry', attributes: { attempt: 2 } }],
};

test('the JSON that the SDK exports', async () => {
  sink = await startSink();
  const exporter = new OTLPTraceExporter({ url: `${sink.url}/v1/traces` });
  const resource = resourceFromAttributes({ 'service.name': 'demo' });
  const provider = new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const { attributes } = expected;
  const tracer = provider.getTracer('app', '1.2.3');
  const span = tracer.startSpan('chat gpt-4o', { kind: SpanKind.CLIENT, startTime: [1_790_000_000, 5], attributes });
  span.addEvent('retry', { attempt: 2 });
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'broken' });
  span.end([1_790_000_001, 9]);
  await provider.shutdown();
  const [got] = await sink.wait(1);
  expect(got).toMatchObject({ ...expected, spanId: span.spanContext().spanId });
});

/** The same span as the SDK's protobuf exporter sent it. */
const protobuf = Buffer.from(
  'CpsCChoKFgoMc2VydmljZS5uYW1lEgYKBGRlbW8QABL8AQoMCgNhcHASBTEuMi4zEusBChAS8AKsfFfsprlZ7685vX35Egh5FsO9Pe8GxioLY2hhdCBn' +
    'cHQtNG8wAzkFAPMjhFvXGEEJyo1fhFvXGEoMCgR0ZXh0EgQKAsO2SgwKBXdob2xlEgMY4glKEQoEaGFsZhIJIQAAAAAAAOA/ShcKCG5lZ2F0aXZlEgsY' +
    '/f//////////AUoJCgN5ZXMSAhABSggKAm5vEgIQAEoUCgRsaXN0EgwqCgoDCgFhCgMKAWJQAFohCQcA8yOEW9cYEgVyZXRyeRoNCgdhdHRlbXB0EgIY' +
    'AiAAYABwAHoKEgZicm9rZW4YAoUBAQEAAA==',
  'base64',
);

test('the same in protobuf, compressed; requests that are refused leave no spans', async () => {
  sink = await startSink({ answer: (n) => (n === 1 ? { status: 503, headers: { 'retry-after': '1' } } : {}) });
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
  const send = (): Promise<Response> =>
    fetch(`${sink.url}/v1/traces`, { method: 'POST', headers, body: gzipSync(protobuf) });
  const refused = await send();
  expect([refused.status, refused.headers.get('retry-after'), sink.spans.length]).toEqual([503, '1', 0]);
  await send();
  const ids = { traceId: '12f002ac7c57eca6b959efaf39bd7df9', spanId: '7916c3bd3def06c6' };
  expect(await sink.wait(1)).toEqual([{ ...expected, ...ids }]);
  expect(sink.requests.map(({ encoding, body }) => [encoding, body.length])).toEqual([
    ['protobuf', protobuf.length],
    ['protobuf', protobuf.length],
  ]);
  await expect(sink.wait(2, 20)).rejects.toThrow('1 of 2 spans came: chat gpt-4o');
});
