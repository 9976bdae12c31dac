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
