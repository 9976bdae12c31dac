import { isSpanContextValid, SpanKind, TraceFlags, type SpanContext } from '@opentelemetry/api';
import { spawnSync } from 'node:child_process';
import type { FinishedCall } from './finished-call.ts';
import { envelopeOf, spanJson } from './otlp-json.ts';
import { otlpConfig } from './otlp-config.ts';
import { Outbox } from './outbox.ts';
import type { OpenCall } from './recording.ts';
import { resourceAttributes } from './resource.ts';
import { content, marker, markerOf, scopeName } from './semconv.ts';
import { newSpanId, newTraceId } from './span-ids.ts';
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

/**
 * Spans of our own, which no provider sees: nothing is registered, the application's telemetry is what it was, and its
 * sampling cannot lose a call. Loaded when the first call is made, not when the application starts.
 */
export function createExporter(env: NodeJS.ProcessEnv, version: string, warn: (reason: string) => void): Exporter {
  const { head, tail } = envelopeOf(resourceAttributes(env), { name: scopeName, version });
  const encoder = new TextEncoder();
  const bodyOf = (spans: readonly string[]): Uint8Array => encoder.encode(head + spans.join(',') + tail);
  const outbox = outboxTo<string>(env, warn, bodyOf);
  return {
    add: ({ name, start, end, parent, attributes, error, event, opened, ids }) => {
      const above = ids === undefined ? parentOf(parent) : undefined;
      const { traceId, spanId } = ids ?? (opened as SpanIds | undefined) ?? newIds(above);
      outbox.add(
        spanJson({
          name,
          kind: SpanKind.CLIENT,
          traceId,
          spanId,
          parent: above,
          start,
          end,
          attributes,
          failed: error !== undefined,
          event: event === undefined ? undefined : { name: content.event, attributes: event },
        }),
      );
    },
    announce: (call) => {
      const above = parentOf(call.parent);
      const ids = newIds(above);
      const now = Date.now();
      outbox.add(
        spanJson({
          name: marker.span,
          kind: SpanKind.INTERNAL,
          traceId: ids.traceId,
          spanId: newSpanId(),
          // A call without a parent can only be the parent itself, or the trace would be another.
          parent: above ?? { ...ids, traceFlags: TraceFlags.SAMPLED },
          start: now,
          end: now,
          attributes: markerOf(call, ids.spanId),
          failed: false,
        }),
      );
      return ids;
    },
    room: () => outbox.room,
    flush: (limitMs) => outbox.flush(limitMs),
    gasp: (file) => {
      const spans = outbox.take();
      if (spans.length === 0) return;
      const bodies: Uint8Array[] = [];
      for (let at = 0; at < spans.length; at += batch)
        bodies.push(bodyOf(spans.slice(at, at + batch)), Buffer.from('\n'));
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

function newIds(parent: SpanContext | undefined): SpanIds {
  return { traceId: parent?.traceId ?? newTraceId(), spanId: newSpanId() };
}

function parentOf(parent: SpanContext | undefined): SpanContext | undefined {
  return parent !== undefined && isSpanContextValid(parent) ? parent : undefined;
}

/** A queue to the endpoint of the environment. */
export function outboxTo<Item>(
  env: NodeJS.ProcessEnv,
  warn: (reason: string) => void,
  bodyOf: (items: readonly Item[]) => Uint8Array | undefined,
): Outbox<Item> {
  const config = otlpConfig(env);
  return new Outbox<Item>({
    warn,
    batch,
    ...scheduleDelay(env),
    send: async (items) => {
      const body = bodyOf(items);
      return body === undefined ? { status: 'refused', reason: 'nothing to send' } : post(body, config);
    },
  });
}

/** `OTEL_BSP_SCHEDULE_DELAY`: for how many milliseconds a span may wait for others. */
function scheduleDelay({ OTEL_BSP_SCHEDULE_DELAY: text = '' }: NodeJS.ProcessEnv): { readonly delayMs?: number } {
  return /^\d{1,8}$/.test(text) ? { delayMs: Number(text) } : {};
}
