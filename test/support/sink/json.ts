import { integer, type Attributes, type SinkSpan, type Value } from './span.ts';

interface JsonValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly JsonValue[] };
  readonly kvlistValue?: { readonly values?: readonly JsonAttribute[] };
  readonly bytesValue?: string;
}
interface JsonAttribute {
  readonly key: string;
  readonly value?: JsonValue;
}
interface JsonRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly JsonAttribute[] };
    readonly scopeSpans?: readonly {
      readonly scope?: { readonly name?: string; readonly version?: string };
      readonly spans?: readonly JsonSpan[];
    }[];
  }[];
}
interface JsonSpan {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: string | number;
  readonly endTimeUnixNano?: string | number;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly attributes?: readonly JsonAttribute[];
  readonly events?: readonly { readonly name?: string; readonly attributes?: readonly JsonAttribute[] }[];
}

/** An OTLP/JSON ExportTraceServiceRequest. */
export function decodeJson(text: string): readonly SinkSpan[] {
  const request = JSON.parse(text) as JsonRequest;
  const spans: SinkSpan[] = [];
  for (const { resource, scopeSpans = [] } of request.resourceSpans ?? [])
    for (const { scope, spans: found = [] } of scopeSpans)
      for (const span of found)
        spans.push({
          resource: attributes(resource?.attributes),
          scope: { name: scope?.name ?? '', version: scope?.version ?? '' },
          traceId: span.traceId ?? '',
          spanId: span.spanId ?? '',
          parentSpanId: span.parentSpanId ?? '',
          name: span.name ?? '',
          kind: span.kind ?? 0,
          start: BigInt(span.startTimeUnixNano ?? 0),
          end: BigInt(span.endTimeUnixNano ?? 0),
          status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
          attributes: attributes(span.attributes),
          events: (span.events ?? []).map((event) => ({
            name: event.name ?? '',
            attributes: attributes(event.attributes),
          })),
        });
  return spans;
}

function attributes(list: readonly JsonAttribute[] = []): Attributes {
  return Object.fromEntries(list.map(({ key, value }) => [key, read(value)]));
}

function read(value: JsonValue | undefined): Value {
  if (value?.stringValue !== undefined) return value.stringValue;
  if (value?.boolValue !== undefined) return value.boolValue;
  if (value?.intValue !== undefined) return integer(BigInt(value.intValue));
  if (value?.doubleValue !== undefined) return value.doubleValue;
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(read);
  if (value?.kvlistValue !== undefined) return attributes(value.kvlistValue.values);
  if (value?.bytesValue !== undefined) return Buffer.from(value.bytesValue, 'base64');
  return null;
}
