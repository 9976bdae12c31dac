import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { shareTracer } from '../../instrumentation/share.ts';

test('a call that must be the same whenever it is recorded is in the same trace, whoever makes the ids', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const destination = shareTracer({ tracers: () => provider, meters: () => undefined }, '1.0.0');
  const call = {
    name: 'chat',
    start: 1_760_000_000_000,
    end: 1_760_000_000_000,
    parent: { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 1 },
    attributes: {},
    error: undefined,
  };
  destination.add(call);
  destination.add({ ...call, ids: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) } });
  destination.add({ ...call, ids: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) } });
  const spans = exporter.getFinishedSpans();
  expect(spans.map((span) => span.spanContext().traceId[0])).toEqual(['c', 'a', 'a']);
  expect(spans.map(({ startTime }) => startTime)).toEqual([
    [1_760_000_000, 0],
    [1_760_000_000, 0],
    [1_760_000_000, 0],
  ]);
  expect(trace.isSpanContextValid(spans[1]?.parentSpanContext ?? { traceId: '', spanId: '', traceFlags: 0 })).toBe(
    true,
  );
});
