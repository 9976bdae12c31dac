import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import type { FinishedCall } from './call.ts';
import { Outbox } from './outbox.ts';
import { scopeName } from './semconv.ts';
import { parsePairs } from './settings.ts';
import { post } from './transport.ts';

export interface Exporter {
  add(call: FinishedCall): void;
  /** Delivers what is there; takes at most `limitMs`. */
  flush(limitMs: number): Promise<void>;
}

/** Resource attributes that are sent. The usual detectors add the command line, where secrets sit. */
const allowed = [
  'service.name',
  'service.namespace',
  'service.version',
  'service.instance.id',
  'deployment.environment.name',
  'deployment.environment',
];

/**
 * Spans of our own, through a tracer provider that nobody else sees: nothing is registered, the application's telemetry is
 * what it was, and its sampling cannot lose a call. Loaded when the first call is made, not when the application starts.
 */
export function createExporter(env: NodeJS.ProcessEnv, version: string, warn: (reason: string) => void): Exporter {
  const { OTEL_EXPORTER_OTLP_COMPRESSION: all, OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: traces } = env;
  const config = convertLegacyHttpOptions(
    { ...((traces ?? all) === undefined ? { compression: 'gzip' as never } : {}), keepAlive: true },
    'TRACES',
    'v1/traces',
    { 'Content-Type': 'application/json' },
  );
  const outbox = new Outbox<ReadableSpan>({
    warn,
    ...scheduleDelay(env),
    send: async (spans) => {
      const body = JsonTraceSerializer.serializeRequest([...spans]);
      return body === undefined ? { status: 'refused', reason: 'nothing to send' } : post(body, config);
    },
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resourceAttributes(env)),
    sampler: new AlwaysOnSampler(),
    spanLimits: { attributeCountLimit: 256, attributeValueLengthLimit: Number.POSITIVE_INFINITY },
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => outbox.add(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  const tracer = provider.getTracer(scopeName, version);
  return {
    add: ({ name, start, end, parent, attributes, error }) => {
      const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime: start, attributes }, context);
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(end);
    },
    flush: (limitMs) => outbox.flush(limitMs),
  };
}

/** `OTEL_BSP_SCHEDULE_DELAY`: for how many milliseconds a span may wait for others. */
function scheduleDelay({ OTEL_BSP_SCHEDULE_DELAY: text = '' }: NodeJS.ProcessEnv): { readonly delayMs?: number } {
  return /^\d{1,8}$/.test(text) ? { delayMs: Number(text) } : {};
}

/** @example resourceAttributes({ OTEL_SERVICE_NAME: 'checkout' })['service.name'] // 'checkout' */
export function resourceAttributes(env: Readonly<Record<string, string | undefined>>): Attributes {
  const given = parsePairs(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '');
  // Without the path of the executable, which the usual default carries.
  const attributes: Attributes = { ...defaultResource().attributes, 'service.name': 'unknown_service:node' };
  for (const key of allowed) if (given[key] !== undefined) attributes[key] = given[key];
  const { OTEL_SERVICE_NAME: name } = env;
  return name === undefined || name === '' ? attributes : { ...attributes, 'service.name': name };
}
