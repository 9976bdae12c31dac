import { SpanledgerError } from '../errors.ts';
import { frame, frames, mapField } from './frames.ts';
import type { Additions, AttributeMap, AttributeValue, Scope, Span, TraceRequest } from './request.ts';
import { decode, encode, type Message } from './schema.ts';

/**
 * The levels down to a span; the numbers are those of the wire contract.
 *
 *     request ─1─▶ resource_spans ─2─▶ scope_spans ─2─▶ span ─9─▶ attribute
 *                        └─1─▶ resource      └─1─▶ scope
 */
const RESOURCE_SPANS = 1;
const RESOURCE = 1;
const SCOPE_SPANS = 2;
const SCOPE = 1;
const SPANS = 2;
const SPAN_ATTRIBUTES = 9;
const ATTRIBUTE_KEY = 1;

const NO_ATTRIBUTES: AttributeMap = new Map();
const NO_SCOPE: Scope = { name: '', version: '' };

/**
 * Reads an ExportTraceServiceRequest. The framing down to the spans must be sound, else `malformed_otlp`; from a span on,
 * each span and each attribute stands for itself.
 */
export function readProtobuf(body: Uint8Array): TraceRequest {
  /** In the order of the bytes; undefined for one that can't be read. */
  const found: (Span | undefined)[] = [];
  for (const [resourceSpans, at] of children(body, RESOURCE_SPANS, 'resource_spans', '')) {
    const resource = readResource(resourceSpans, at);
    for (const [scopeSpans, below] of children(resourceSpans, SCOPE_SPANS, 'scope_spans', at)) {
      const scope = readScope(scopeSpans, below);
      for (const [span] of children(scopeSpans, SPANS, 'spans', below)) found.push(readSpan(span, scope, resource));
    }
  }
  const spans = found.filter((span) => span !== undefined);
  return {
    encoding: 'protobuf',
    spans,
    passed: new Map(),
    unreadable: found.length - spans.length,
    splice(additions, dropped = new Set()) {
      let next = 0;
      const rewrite = (bytes: Uint8Array): Uint8Array | undefined => {
        const span = found[next++];
        if (span === undefined) return bytes;
        if (dropped.has(span)) return undefined;
        const added = additions.get(span);
        // A span that the library could read and whose fields can't be walked over (a wrong wire type) stays as it is.
        return added === undefined ? bytes : (attempt(() => setAttributes(bytes, added)) ?? bytes);
      };
      return mapField(body, RESOURCE_SPANS, (resourceSpans) =>
        mapField(resourceSpans, SCOPE_SPANS, (scopeSpans) => mapField(scopeSpans, SPANS, rewrite)),
      );
    },
  };
}

/** The messages in a field, each with where it stands. Throws `malformed_otlp` where the framing is broken. */
export function children(message: Uint8Array, field: number, name: string, at: string): [Uint8Array, string][] {
  try {
    let index = 0;
    const list: [Uint8Array, string][] = [];
    for (const part of frames(message)) {
      if (part.field !== field) continue;
      const where = `${at}${name}[${index++}]`;
      if (part.payload === undefined) throw new Error(`${where} is not a message`);
      list.push([part.payload, `${where}.`]);
    }
    return list;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const where = at === '' ? 'the request' : at.slice(0, -1);
    throw new SpanledgerError('malformed_otlp', `not an OTLP trace request in protobuf: ${where}: ${reason}`);
  }
}

/** Odd resources and scopes cost only themselves. */
export function readResource(resourceSpans: Uint8Array, at: string): AttributeMap {
  const last = children(resourceSpans, RESOURCE, 'resource', at).at(-1);
  const resource = last && attempt(() => decode('Resource', last[0]));
  return resource === undefined ? NO_ATTRIBUTES : readAttributes(resource.attributes);
}

export function readScope(scopeSpans: Uint8Array, at: string): Scope {
  const last = children(scopeSpans, SCOPE, 'scope', at).at(-1);
  const scope = last && attempt(() => decode('Scope', last[0]));
  return scope === undefined ? NO_SCOPE : { name: scope.name, version: scope.version };
}

function readSpan(bytes: Uint8Array, scope: Scope, resource: AttributeMap): Span | undefined {
  const span = attempt(() => decode('Span', bytes));
  if (span === undefined) return undefined;
  return {
    traceId: hex(span.traceId, 16),
    spanId: hex(span.spanId, 8),
    parentSpanId: hex(span.parentSpanId, 8),
    name: span.name,
    kind: span.kind,
    startUnixNano: span.startTimeUnixNano,
    endUnixNano: span.endTimeUnixNano,
    statusCode: span.status?.code ?? 0,
    statusMessage: span.status?.message ?? '',
    attributes: readAttributes(span.attributes),
    scope,
    resource,
  };
}

export function readAttributes(list: readonly Uint8Array[]): AttributeMap {
  const map = new Map<string, AttributeValue>();
  for (const bytes of list) {
    const pair = attempt(() => decode('KeyValue', bytes));
    if (pair !== undefined) map.set(pair.key, readValue(pair.value));
  }
  return map;
}

/** The value of one attribute; undefined for bytes that are none. */
export function decodeAttribute(bytes: Uint8Array): AttributeValue | undefined {
  const pair = attempt(() => decode('KeyValue', bytes));
  return pair === undefined ? undefined : readValue(pair.value);
}

export function readValue(any: Message<'AnyValue'> | undefined): AttributeValue {
  const chosen = any?.value;
  if (chosen?.case === undefined) return null;
  if (chosen.case === 'intValue')
    return Number.isSafeInteger(Number(chosen.value)) ? Number(chosen.value) : chosen.value;
  if (chosen.case === 'arrayValue') return chosen.value.values.map(readValue);
  if (chosen.case === 'kvlistValue')
    return new Map(chosen.value.values.map((pair) => [pair.key, readValue(pair.value)]));
  return chosen.value;
}

/** Other attributes keep their bytes; ours come last. */
function setAttributes(span: Uint8Array, additions: Additions): Uint8Array {
  const kept = mapField(span, SPAN_ATTRIBUTES, (bytes) => {
    const key = attempt(() => keyOf(bytes));
    return key !== undefined && Object.hasOwn(additions, key) ? undefined : bytes;
  });
  const added = Object.entries(additions).flatMap(([key, value]) => {
    if (value === null) return [];
    const any = typeof value === 'string' ? stringValue(value) : doubleValue(value);
    return [frame(SPAN_ATTRIBUTES, encode('KeyValue', { key, value: any }))];
  });
  return added.length === 0 ? kept : Buffer.concat([kept, ...added]);
}

/** The key of an attribute, without a look at its value. Of doubled ones the last wins, as everywhere in protobuf. */
function keyOf(attribute: Uint8Array): string {
  let key: Uint8Array | undefined;
  for (const part of frames(attribute)) if (part.field === ATTRIBUTE_KEY) key = part.payload;
  return key === undefined ? '' : Buffer.from(key.buffer, key.byteOffset, key.length).toString();
}

function stringValue(value: string): Message<'AnyValue'> {
  return { value: { case: 'stringValue', value } };
}

function doubleValue(value: number): Message<'AnyValue'> {
  return { value: { case: 'doubleValue', value } };
}

export function hex(bytes: Uint8Array, length: number): string {
  return bytes.length === length ? Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('hex') : '';
}

export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
