import type { AttributeMap, Span } from '../../processor/otlp/index.ts';

export interface SpanOptions extends Partial<Omit<Span, 'scope' | 'attributes' | 'resource'>> {
  readonly scope?: string;
  readonly attributes?: AttributeMap | Readonly<Record<string, string | number>>;
  readonly resource?: AttributeMap | Readonly<Record<string, string | number>>;
}

/** A span as it is after decoding; September 2026, one second long. */
export function makeSpan({ scope = 'test', attributes = {}, resource = {}, ...rest }: SpanOptions = {}): Span {
  return {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    parentSpanId: '',
    name: 'chat',
    kind: 3,
    startUnixNano: 1_790_000_000_000_000_000n,
    endUnixNano: 1_790_000_001_000_000_000n,
    statusCode: 0,
    statusMessage: '',
    ...rest,
    attributes: mapOf(attributes),
    scope: { name: scope, version: '' },
    resource: mapOf(resource),
  };
}

function mapOf(attributes: AttributeMap | Readonly<Record<string, string | number>>): AttributeMap {
  return attributes instanceof Map ? (attributes as AttributeMap) : new Map(Object.entries(attributes));
}

/** With plain maps, and texts in place of what can't be compared or printed. */
export function plainSpan(span: Span): unknown {
  return { ...span, attributes: plain(new Map(span.attributes)), resource: plain(new Map(span.resource)) };
}

/** Bytes, minus zero and big integers as what JSON has. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Map) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
