import { createHash } from 'node:crypto';
import { text } from '../dialects/attributes.ts';
import type { AttributeValue, Span } from '../otlp/request.ts';

const ZEROS = /^0*$/;

/**
 * The ids that a span is kept under. A span without an id, or with one of zeros, is known by a hash of what it says: scope,
 * name and the provider's response id, else times and attributes. So a resend finds its entry, and two such spans of one
 * batch stay two.
 */
export function identify(span: Span): { readonly traceId: string; readonly spanId: string } {
  const hasTrace = !ZEROS.test(span.traceId);
  const hasSpan = !ZEROS.test(span.spanId);
  if (hasTrace && hasSpan) return { traceId: span.traceId, spanId: span.spanId };
  const digest = createHash('sha256')
    .update(JSON.stringify(distinction(span)))
    .digest('hex');
  return {
    traceId: hasTrace ? span.traceId : digest.slice(0, 32),
    spanId: hasSpan ? span.spanId : digest.slice(32, 48),
  };
}

function distinction(span: Span): unknown[] {
  const responseId = text(span.attributes, 'gen_ai.response.id', 'request_id', 'response_id');
  const said = [span.scope.name, span.name];
  if (responseId !== undefined) return [...said, responseId];
  const times = [String(span.startUnixNano), String(span.endUnixNano)];
  return [...said, ...times, [...span.attributes].map(([key, value]) => [key, plain(value)])];
}

function plain(value: AttributeValue): unknown {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Map) return [...value].map(([key, item]: [string, AttributeValue]) => [key, plain(item)]);
  return Array.isArray(value) ? value.map(plain) : value;
}
