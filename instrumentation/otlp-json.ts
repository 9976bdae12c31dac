import { SpanStatusCode, TraceFlags, type Attributes, type SpanContext, type SpanKind } from '@opentelemetry/api';

/** A span that is over. Times are milliseconds since the Unix epoch. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: SpanContext | undefined;
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  readonly failed: boolean;
  readonly event?: { readonly name: string; readonly attributes: Attributes } | undefined;
}

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto: SpanFlags */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/**
 * A span in OTLP's JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in hex, times and 64-bit
 * numbers as text. Written at once, because what waits for delivery as a text is half as large as what it was made from,
 * and because the way through the SDK's span and its encoder costs ten times as much.
 *
 * @example spanJson({ name: 'chat', kind: SpanKind.CLIENT, ... }) // '{"traceId":"5b8e…","spanId":"…",…}'
 */
export function spanJson({
  name,
  kind,
  traceId,
  spanId,
  parent,
  start,
  end,
  attributes,
  failed,
  event,
}: EndedSpan): string {
  const flags = TraceFlags.SAMPLED | HAS_IS_REMOTE | (parent?.isRemote === true ? IS_REMOTE : 0);
  const state = parent?.traceState?.serialize() ?? '';
  // Joined once: a text that grows by additions stays a tree of its pieces, three times as large, until it is read.
  const json = [`{"traceId":"${traceId}","spanId":"${spanId}"`];
  if (parent !== undefined) json.push(`,"parentSpanId":"${parent.spanId}"`);
  if (state !== '') json.push(',"traceState":', JSON.stringify(state));
  // What the API counts from 0, OTLP counts from 1.
  json.push(`,"name":${JSON.stringify(name)},"kind":${kind + 1},"startTimeUnixNano":"${nanos(start)}"`);
  json.push(`,"endTimeUnixNano":"${nanos(end)}","attributes":[`);
  writeAttributes(json, attributes);
  if (event !== undefined) {
    json.push(`],"events":[{"timeUnixNano":"${nanos(end)}","name":${JSON.stringify(event.name)},"attributes":[`);
    writeAttributes(json, event.attributes);
    json.push(']}');
  }
  json.push(`],"status":{"code":${failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET}},"flags":${flags}}`);
  return json.join('');
}

/** What a request says before and after its spans, which have commas between them. */
export interface Envelope {
  readonly head: string;
  readonly tail: string;
}

/** @param scope its name and version */
export function envelopeOf(resource: Attributes, scope: { readonly name: string; readonly version: string }): Envelope {
  const head = ['{"resourceSpans":[{"resource":{"attributes":['];
  writeAttributes(head, resource);
  head.push(']},"scopeSpans":[{"scope":', JSON.stringify(scope), ',"spans":[');
  return { head: head.join(''), tail: ']}]}]}' };
}

/** Exact to the nanosecond that a float can tell. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  const rest = Math.round((ms - whole) * 1e6);
  return rest === 1e6 ? `${whole + 1}000000` : `${whole}${String(rest).padStart(6, '0')}`;
}

function writeAttributes(json: string[], attributes: Attributes): void {
  let comma = '';
  for (const name in attributes) {
    const value = valueJson(attributes[name]);
    if (value === undefined) continue;
    json.push(comma, keyJson(name), value, '}');
    comma = ',';
  }
}

/** Names come again and again, but applications may have as many of their own as they like. */
const MOST_NAMES = 1000;
const names = new Map<string, string>();
function keyJson(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const json = `{"key":${JSON.stringify(name)},"value":`;
  if (names.size < MOST_NAMES) names.set(name, json);
  return json;
}

function valueJson(value: unknown): string | undefined {
  if (typeof value === 'string') return `{"stringValue":${JSON.stringify(value)}}`;
  if (typeof value === 'boolean') return `{"boolValue":${value}}`;
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return `{"intValue":${value}}`;
    // No number of JSON's.
    return Number.isFinite(value) ? `{"doubleValue":${value}}` : `{"doubleValue":"${value}"}`;
  }
  if (!Array.isArray(value)) return undefined;
  return `{"arrayValue":{"values":[${value.map((item) => valueJson(item) ?? '{}').join(',')}]}}`;
}
