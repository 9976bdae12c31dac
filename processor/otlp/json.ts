import { SpanledgerError } from '../errors.ts';
import { isObject, numberText, parseJson, stringifyJson, type JsonObject, type JsonValue } from './json-numbers.ts';
import type { Additions, AttributeMap, AttributeValue, Interest, Scope, Span, TraceRequest } from './request.ts';

const INTEGER = /^-?\d+$/;
/** As protobuf libraries have it. */
const MAX_DEPTH = 100;
const MAX_UINT64 = 2n ** 64n - 1n;

/**
 * Reads OTLP/JSON: ids are hex in any case, enums integers, 64-bit integers strings or numbers, keys lowerCamelCase and
 * unknown ones kept. The shape down to the spans must be right, else `malformed_otlp`; from a span on, each span and each
 * attribute stands for itself.
 */
export function readJson(body: Uint8Array, interest: Interest | 'all' = 'all'): TraceRequest {
  const root = parse(body);
  const passed = new Map<string, number>();
  const byNode = new Map<JsonObject, Span>();
  let unreadable = 0;
  for (const [resourceSpans, at] of objects(root, 'resourceSpans', '')) {
    const resource = readResource(resourceSpans);
    for (const [scopeSpans, below] of objects(resourceSpans, 'scopeSpans', at)) {
      const scope = readScope(scopeSpans);
      const keys = interest === 'all' || interest.isScope(scope.name) ? undefined : interest.keys;
      for (const node of list(scopeSpans, 'spans', below)) {
        if (!isObject(node)) unreadable++;
        else if (keys === undefined || hasKey(node, keys)) byNode.set(node, readSpan(node, scope, resource));
        else passed.set(scope.name, (passed.get(scope.name) ?? 0) + 1);
      }
    }
  }
  return {
    encoding: 'json',
    spans: [...byNode.values()],
    passed,
    unreadable,
    splice(additions, dropped = new Set()) {
      if (additions.size === 0 && dropped.size === 0) return body;
      const rewrite = (node: JsonValue): JsonValue[] => {
        const span = isObject(node) ? byNode.get(node) : undefined;
        if (span === undefined || !isObject(node)) return [node];
        if (dropped.has(span)) return [];
        const added = additions.get(span);
        return [added === undefined ? node : setAttributes(node, added)];
      };
      // Every level above the spans is an object: `objects` saw to it.
      const spliced = mapList(root, 'resourceSpans', (resourceSpans) => [
        mapList(resourceSpans as JsonObject, 'scopeSpans', (scopeSpans) => [
          mapList(scopeSpans as JsonObject, 'spans', rewrite),
        ]),
      ]);
      try {
        return Buffer.from(stringifyJson(spliced));
      } catch (error) {
        // Nested deeper than it can be written again: when in doubt, the original goes on.
        if (error instanceof RangeError) return body;
        throw error;
      }
    },
  };
}

export function parse(body: Uint8Array): JsonObject {
  // An empty body is an empty request, as it is in protobuf.
  if (body.length === 0) return {};
  let root: JsonValue;
  try {
    root = parseJson(new TextDecoder().decode(body));
  } catch (error) {
    throw malformed(error instanceof SyntaxError ? placeOf(error) : 'it is nested too deeply');
  }
  if (!isObject(root)) throw malformed('the top level is not an object');
  return root;
}

export function list(parent: JsonObject, key: string, at: string): readonly JsonValue[] {
  const value = parent[key];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformed(`${at}${key} is not an array`);
  return value;
}

export function objects(parent: JsonObject, key: string, at: string): [JsonObject, string][] {
  return list(parent, key, at).map((value, index) => {
    const where = `${at}${key}[${index}]`;
    if (!isObject(value)) throw malformed(`${where} is not an object`);
    return [value, `${where}.`];
  });
}

export function readResource(resourceSpans: JsonObject): AttributeMap {
  const resource = resourceSpans['resource'];
  return readAttributes(isObject(resource) ? resource['attributes'] : undefined);
}

export function readScope(scopeSpans: JsonObject): Scope {
  const scope = scopeSpans['scope'];
  return isObject(scope) ? { name: text(scope['name']), version: text(scope['version']) } : { name: '', version: '' };
}

function hasKey(span: JsonObject, keys: ReadonlySet<string>): boolean {
  const attributes = span['attributes'];
  if (!Array.isArray(attributes)) return false;
  return (attributes as readonly JsonValue[]).some(
    (pair) => isObject(pair) && typeof pair['key'] === 'string' && keys.has(pair['key']),
  );
}

function readSpan(node: JsonObject, scope: Scope, resource: AttributeMap): Span {
  const status = isObject(node['status']) ? node['status'] : {};
  return {
    traceId: hexId(node['traceId'], 32),
    spanId: hexId(node['spanId'], 16),
    parentSpanId: hexId(node['parentSpanId'], 16),
    name: text(node['name']),
    kind: enumNumber(node['kind']),
    startUnixNano: unixNano(node['startTimeUnixNano']),
    endUnixNano: unixNano(node['endTimeUnixNano']),
    statusCode: enumNumber(status['code']),
    statusMessage: text(status['message']),
    attributes: readAttributes(node['attributes']),
    scope,
    resource,
  };
}

export function readAttributes(value: JsonValue | undefined, depth = 0): AttributeMap {
  const map = new Map<string, AttributeValue>();
  if (!Array.isArray(value)) return map;
  for (const pair of value as readonly JsonValue[]) {
    if (!isObject(pair) || typeof pair['key'] !== 'string') continue;
    const read = readValue(pair['value'], depth);
    if (read !== undefined) map.set(pair['key'], read);
  }
  return map;
}

/** Undefined for a value of a wrong type, or nested without end: as if the attribute had not been sent. */
export function readValue(any: JsonValue | undefined, depth: number): AttributeValue | undefined {
  if (any === undefined || any === null) return null;
  if (!isObject(any) || depth > MAX_DEPTH) return undefined;
  const entry = Object.entries(any).find(([key, value]) => Object.hasOwn(readers, key) && value !== null);
  if (entry === undefined) return null;
  const [key, value] = entry;
  return value === undefined ? null : readers[key]?.(value, depth + 1);
}

const readers: Readonly<Record<string, (value: JsonValue, depth: number) => AttributeValue | undefined>> = {
  stringValue: (value) => (typeof value === 'string' ? value : undefined),
  boolValue: (value) => (typeof value === 'boolean' ? value : undefined),
  intValue: (value) => {
    const digits = numberText(value);
    if (digits === undefined || !INTEGER.test(digits)) return undefined;
    return Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits);
  },
  doubleValue: (value) => {
    const digits = numberText(value);
    if (digits === undefined || digits.trim() === '') return undefined;
    const number = Number(digits);
    return Number.isNaN(number) && digits !== 'NaN' ? undefined : number;
  },
  bytesValue: (value) => (typeof value === 'string' ? Buffer.from(value, 'base64') : undefined),
  arrayValue: (value, depth) => {
    const values = isObject(value) ? (value['values'] ?? []) : undefined;
    return Array.isArray(values) ? values.map((item: JsonValue) => readValue(item, depth) ?? null) : undefined;
  },
  kvlistValue: (value, depth) => (isObject(value) ? readAttributes(value['values'], depth) : undefined),
};

/** Other attributes stay as they are; ours come last. A span whose `attributes` are no array is left alone. */
function setAttributes(node: JsonObject, additions: Additions): JsonObject {
  const attributes = node['attributes'] ?? [];
  if (!Array.isArray(attributes)) return node;
  const kept = (attributes as readonly JsonValue[]).filter(
    (pair) => !isObject(pair) || typeof pair['key'] !== 'string' || !Object.hasOwn(additions, pair['key']),
  );
  const added = Object.entries(additions).flatMap(([key, value]) => {
    if (value === null) return [];
    return [{ key, value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value } }];
  });
  return { ...node, attributes: [...kept, ...added] };
}

function mapList(parent: JsonObject, key: string, map: (item: JsonValue) => readonly JsonValue[]): JsonObject {
  const items = parent[key];
  return Array.isArray(items) ? { ...parent, [key]: (items as readonly JsonValue[]).flatMap(map) } : parent;
}

export function hexId(value: JsonValue | undefined, digits: number): string {
  const id = text(value);
  return id.length === digits && /^[0-9a-fA-F]+$/.test(id) ? id.toLowerCase() : '';
}

export function unixNano(value: JsonValue | undefined): bigint {
  const digits = numberText(value);
  if (digits === undefined || !INTEGER.test(digits) || digits.length > 20) return 0n;
  const nano = BigInt(digits);
  return nano < 0n || nano > MAX_UINT64 ? 0n : nano;
}

function enumNumber(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isInteger(value) ? value : 0;
}

export function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function malformed(what: string): SpanledgerError {
  return new SpanledgerError('malformed_otlp', `not an OTLP trace request in JSON: ${what}`);
}

/** V8 quotes the text around the fault, which may be a prompt: only the place is kept. */
function placeOf({ message }: SyntaxError): string {
  const place = /at position \d+(?: \(line \d+ column \d+\))?/.exec(message);
  return place === null ? 'the text ends too early or is no JSON' : `no JSON ${place[0]}`;
}
