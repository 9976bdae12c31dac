import { TraceFlags } from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { outboxTo } from './export.ts';

const longestFlushMs = 3000;

/**
 * Spans of the application's provider, delivered as calls are but from a queue of their own: what is traced in masses must
 * not push out what is billed.
 */
export function createSpanProcessor(env: NodeJS.ProcessEnv, warn: (reason: string) => void): SpanProcessor {
  const outbox = outboxTo<ReadableSpan>(env, warn, (spans) => JsonTraceSerializer.serializeRequest([...spans]));
  return {
    onStart: () => {},
    onEnd: (span) => {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) outbox.add(span);
    },
    forceFlush: () => outbox.flush(longestFlushMs),
    shutdown: () => outbox.flush(longestFlushMs),
  };
}
