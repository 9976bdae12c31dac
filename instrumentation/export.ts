import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type SpanContext,
} from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  RandomIdGenerator,
  TracerProvider,
  type ReadableSpan,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { spawnSync } from 'node:child_process';
import type { FinishedCall } from './finished-call.ts';
import { otlpConfig } from './otlp-config.ts';
import { Outbox } from './outbox.ts';
import type { OpenCall } from './recording.ts';
import { content, marker, markerOf, scopeName } from './semconv.ts';
import { parsePairs } from './settings.ts';
import { post } from './transport.ts';

export interface Exporter {
  add(call: FinishedCall): void;
  /** Says that a call is open. Gives the ids that its span will have. */
  announce(call: OpenCall): SpanIds;
  /** How many spans can wait without being in the way of others. */
  room(): number;
  /** Delivers what is there; takes at most `limitMs`. */
  flush(limitMs: number): Promise<void>;
  /** Delivers what is there by the program `file`, and waits for it. */
  gasp(file: string): void;
}

export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** Spans of one request. */
const batch = 512;
/** How long the end of the process waits for the program that delivers what is left. */
const longestGaspMs = 3000;
const longestFlushMs = 3000;

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
  const outbox = createOutbox(env, warn);
  const random = new RandomIdGenerator();
  // The ids of the next span, where they are known before.
  let announced: SpanIds | undefined;
  const provider = new TracerProvider({
    idGenerator: {
      generateTraceId: () => announced?.traceId ?? random.generateTraceId(),
      generateSpanId: () => announced?.spanId ?? random.generateSpanId(),
    },
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
    add: ({ name, start, end, parent, attributes, error, event, opened, ids }) => {
      const context = ids === undefined ? contextOf(parent) : ROOT_CONTEXT;
      announced = ids ?? (opened as SpanIds | undefined);
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime: start }, context);
      announced = undefined;
      // What a span is started with is copied once more.
      span.setAttributes(attributes);
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      if (event !== undefined) span.addEvent(content.event, event, end);
      span.end(end);
    },
    announce: (call) => {
      const traceId = call.parent?.traceId ?? random.generateTraceId();
      const spanId = random.generateSpanId();
      const parent = call.parent ?? { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
      const now = Date.now();
      const attributes = markerOf(call, spanId);
      tracer.startSpan(marker.span, { startTime: now, attributes }, contextOf(parent)).end(now);
      return { traceId, spanId };
    },
    room: () => outbox.room,
    flush: (limitMs) => outbox.flush(limitMs),
    gasp: (file) => {
      const spans = outbox.take();
      if (spans.length === 0) return;
      const bodies: Uint8Array[] = [];
      for (let at = 0; at < spans.length; at += batch) {
        const body = JsonTraceSerializer.serializeRequest(spans.slice(at, at + batch));
        if (body !== undefined) bodies.push(body, Buffer.from('\n'));
      }
      spawnSync(process.execPath, [file], {
        input: Buffer.concat(bodies),
        timeout: longestGaspMs,
        stdio: ['pipe', 'ignore', 'ignore'],
        // The application's preloads, ours among them, have no business there.
        env: { ...env, NODE_OPTIONS: '' },
      });
    },
  };
}

/**
 * Spans of the application's provider, delivered as calls are but from a queue of their own: what is traced in masses must
 * not push out what is billed.
 */
export function createSpanProcessor(env: NodeJS.ProcessEnv, warn: (reason: string) => void): SpanProcessor {
  const outbox = createOutbox(env, warn);
  return {
    onStart: () => {},
    onEnd: (span) => {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) outbox.add(span);
    },
    forceFlush: () => outbox.flush(longestFlushMs),
    shutdown: () => outbox.flush(longestFlushMs),
  };
}

function createOutbox(env: NodeJS.ProcessEnv, warn: (reason: string) => void): Outbox<ReadableSpan> {
  const config = otlpConfig(env);
  return new Outbox<ReadableSpan>({
    warn,
    batch,
    ...scheduleDelay(env),
    send: async (spans) => {
      const body = JsonTraceSerializer.serializeRequest([...spans]);
      return body === undefined ? { status: 'refused', reason: 'nothing to send' } : post(body, config);
    },
  });
}

function contextOf(parent: SpanContext | undefined): Context {
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
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
