import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span } from '@opentelemetry/api';
import type { Providers } from './instrument.ts';
import { createMeasures } from './measures.ts';
import type { Destination, OpenCall } from './recording.ts';
import { isOurs } from './sampler.ts';
import { marker, markerOf, scopeName } from './semconv.ts';

/** Calls become spans of the application's own tracer provider, and measurements of its meter provider. */
export function shareTracer({ tracers, meters }: Providers, version: string): Destination {
  const measure = createMeasures(meters, version);
  const start = ({ name, start: startTime, parent, attributes }: OpenCall): Span =>
    tracers()
      .getTracer(scopeName, version)
      .startSpan(name, { kind: SpanKind.CLIENT, startTime, attributes }, contextOf(parent));
  return {
    name: "the application's OpenTelemetry",
    began: () => {},
    announce(call) {
      const span = start(call);
      const now = Date.now();
      const attributes = markerOf(call, span.spanContext().spanId);
      tracers()
        .getTracer(scopeName, version)
        .startSpan(marker.span, { kind: SpanKind.INTERNAL, startTime: now, attributes }, markerContext(call, span))
        .end(now);
      return span;
    },
    add(call) {
      const opened = call.opened as Span | undefined;
      const span = opened ?? start(call);
      if (opened !== undefined) opened.setAttributes(call.attributes);
      if (call.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(call.end);
      measure(call);
    },
  };
}

const root = ROOT_CONTEXT.setValue(isOurs, true);

function contextOf(parent: OpenCall['parent']): Context {
  return parent === undefined ? root : trace.setSpanContext(root, parent);
}

/** The call's own parent; a call without one can only be the parent itself, or the trace would be another. */
function markerContext(call: OpenCall, span: Span): Context {
  return call.parent === undefined ? trace.setSpan(root, span) : contextOf(call.parent);
}
