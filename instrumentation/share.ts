import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import type { FinishedCall } from './finished-call.ts';
import type { Providers } from './instrument.ts';
import { createMeasures } from './measures.ts';
import type { Destination, OpenCall } from './recording.ts';
import { isOurs } from './sampler.ts';
import { attr, content, marker, markerOf, scopeName } from './semconv.ts';

/**
 * Room for so many a second: the usual processor of spans keeps 2,048 and drops what is more, and it does not say how full it
 * is. It is asked for each.
 */
function createPace(perSecond: number, most: number): () => number {
  let left = most;
  let at = performance.now();
  return () => {
    const now = performance.now();
    left = Math.min(most, left + ((now - at) / 1000) * perSecond);
    at = now;
    return left < 1 ? 0 : left--;
  };
}

/** Calls become spans of the application's own tracer provider, and measurements of its meter provider. */
export function shareTracer({ tracers, meters }: Providers, version: string): Destination {
  const measure = createMeasures(meters, version);
  let provider: TracerProvider | undefined;
  let tracer: Tracer | undefined;
  const start = ({ name, start: startTime, parent }: OpenCall, attributes: Attributes): Span => {
    const current = tracers();
    if (tracer === undefined || current !== provider) {
      provider = current;
      tracer = current.getTracer(scopeName, version);
    }
    return tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime, attributes }, contextOf(parent));
  };
  const room = createPace(2000, 256);
  return {
    name: "the application's OpenTelemetry",
    began: () => {},
    announce(call) {
      const span = start(call, call.attributes);
      const now = Date.now();
      const attributes = markerOf(call, span.spanContext().spanId);
      tracers()
        .getTracer(scopeName, version)
        .startSpan(marker.span, { kind: SpanKind.INTERNAL, startTime: now, attributes }, markerContext(call, span))
        .end(now);
      return span;
    },
    room,
    add(call) {
      const opened = call.opened as Span | undefined;
      const { attributes } = call;
      const placed = call.ids === undefined ? call : { ...call, parent: traceOf(call.ids) };
      // Each copies what a span is started with once more: a sampler is shown what it may want, not all.
      const span = opened ?? start(placed, forSampler(attributes));
      span.setAttributes(attributes);
      if (call.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      if (call.event !== undefined) span.addEvent(content.event, call.event, call.end);
      span.end(call.end);
      measure(call);
    },
  };
}

/** https://github.com/open-telemetry/semantic-conventions-genai: to be given when a span starts. */
function forSampler(attributes: Attributes): Attributes {
  return {
    [attr.operation]: attributes[attr.operation],
    [attr.provider]: attributes[attr.provider],
    [attr.requestModel]: attributes[attr.requestModel],
  };
}

/** The ids of a span are the SDK's to make, but not those of its trace. */
function traceOf({ traceId, spanId }: NonNullable<FinishedCall['ids']>): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

const root = ROOT_CONTEXT.setValue(isOurs, true);

function contextOf(parent: OpenCall['parent']): Context {
  return parent === undefined ? root : trace.setSpanContext(root, parent);
}

/** The call's own parent; a call without one can only be the parent itself, or the trace would be another. */
function markerContext(call: OpenCall, span: Span): Context {
  return call.parent === undefined ? trace.setSpan(root, span) : contextOf(call.parent);
}
