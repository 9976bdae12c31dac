// An application whose OpenTelemetry drops every span, with our class in it; ES modules, the preload in process or not.
import { metrics } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { GenAIInstrumentation, keepCalls } from '../../../instrumentation/index.ts';

const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 60_000 });
const sdk = new NodeSDK({
  sampler: keepCalls(new AlwaysOffSampler()),
  traceExporter: new OTLPTraceExporter({ url: `${process.env.OWN_SINK}/v1/traces` }),
  metricReaders: [reader],
  instrumentations: [new GenAIInstrumentation()],
});
sdk.start();
const { chat, client } = await import('./client.mjs');
const { trace } = await import('@opentelemetry/api');
trace.getTracer('shop').startSpan('dropped').end();
await client.chat.completions.create(chat);
await client.chat.completions.create(chat, { headers: { 'x-simulate': '{"delayMs":1500}' } });
await reader.forceFlush();
const points = memory
  .getMetrics()
  .flatMap(({ scopeMetrics }) => scopeMetrics)
  .flatMap((scope) => scope.metrics)
  .flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes, value }) => [
      descriptor.name,
      attributes['gen_ai.token.type'] ?? '',
      value.count,
      descriptor.unit === 's' ? '' : value.sum,
    ]),
  );
console.log(JSON.stringify(points), metrics.getMeterProvider() !== undefined);
await sdk.shutdown();
