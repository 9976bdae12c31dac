/** What `traceReader` does, by protobufjs 8: everything is decoded, and encoded again. */
import type {
  Additions,
  AttributeMap,
  AttributeValue,
  Span,
  TraceReader,
  TraceRequest,
} from '../../../processor/otlp/index.ts';
import { interest } from '../../../processor/stages/interest.ts';
import { requestType } from '../otlp/schema.ts';

interface Any {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: { toString(): string };
  doubleValue?: number;
  arrayValue?: { values: Any[] };
}
interface Pair {
  key: string;
  value?: Any | null;
}
interface Scope {
  readonly name: string;
  readonly version: string;
}
interface DecodedSpan {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId: Buffer;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: { toString(): string };
  readonly endTimeUnixNano: { toString(): string };
  attributes: Pair[];
  readonly status?: { readonly code: number; readonly message: string } | null;
}
interface Decoded {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes: readonly Pair[] };
    readonly scopeSpans: readonly { readonly scope?: Scope; readonly spans: readonly DecodedSpan[] }[];
  }[];
}

export const protobufjsReader: TraceReader = (body) => {
  const decoded = requestType.decode(body) as unknown as Decoded;
  const spans: Span[] = [];
  const of = new Map<Span, DecodedSpan>();
  const passed = new Map<string, number>();
  for (const { resource, scopeSpans } of decoded.resourceSpans) {
    const shared = mapOf(resource?.attributes ?? []);
    for (const { scope = { name: '', version: '' }, spans: all } of scopeSpans)
      for (const each of all) {
        if (!each.attributes.some(({ key }) => interest.keys.has(key))) {
          passed.set(scope.name, (passed.get(scope.name) ?? 0) + 1);
          continue;
        }
        const span = spanOf(each, scope, shared);
        spans.push(span);
        of.set(span, each);
      }
  }
  const splice = (additions: ReadonlyMap<Span, Additions>): Uint8Array => {
    if (additions.size === 0) return body;
    for (const [span, added] of additions) {
      const target = of.get(span);
      if (target === undefined) continue;
      target.attributes = target.attributes.filter(({ key }) => !Object.hasOwn(added, key));
      for (const [key, value] of Object.entries(added))
        if (value !== null)
          target.attributes.push({
            key,
            value: typeof value === 'number' ? { doubleValue: value } : { stringValue: value },
          });
    }
    return requestType.encode(decoded).finish();
  };
  return { encoding: 'protobuf', spans, passed, unreadable: 0, splice } satisfies TraceRequest;
};

function spanOf(span: DecodedSpan, scope: Scope, resource: AttributeMap): Span {
  return {
    traceId: span.traceId.toString('hex'),
    spanId: span.spanId.toString('hex'),
    parentSpanId: span.parentSpanId.toString('hex'),
    name: span.name,
    kind: span.kind,
    startUnixNano: BigInt(span.startTimeUnixNano.toString()),
    endUnixNano: BigInt(span.endTimeUnixNano.toString()),
    statusCode: span.status?.code ?? 0,
    statusMessage: span.status?.message ?? '',
    attributes: mapOf(span.attributes),
    scope: { name: scope.name, version: scope.version },
    resource,
  };
}

function mapOf(pairs: readonly Pair[]): AttributeMap {
  return new Map(pairs.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: Any | null | undefined): AttributeValue {
  if (value === null || value === undefined) return null;
  if (Object.hasOwn(value, 'stringValue')) return value.stringValue ?? '';
  if (Object.hasOwn(value, 'boolValue')) return value.boolValue ?? false;
  if (Object.hasOwn(value, 'intValue')) return Number(value.intValue?.toString());
  if (Object.hasOwn(value, 'doubleValue')) return value.doubleValue ?? 0;
  return (value.arrayValue?.values ?? []).map(valueOf);
}
