import { SpanledgerError } from '../errors.ts';
import * as json from './json.ts';
import { isObject, type JsonObject } from './json-numbers.ts';
import * as protobuf from './protobuf.ts';
import type { AttributeMap, AttributeValue, Encoding, Scope, Span } from './request.ts';
import { decode } from './schema.ts';

export interface LogRequest {
  /**
   * The records as spans, which dialects read: the name is the event's, the ids are those of the span that it was written
   * in, which stands as the parent, since a record has none of its own. Start and end are its time less `duration_ms`, and
   * its time.
   */
  readonly records: readonly Span[];
  /** Records whose own bytes make no sense. */
  readonly unreadable: number;
}

/** resource_logs ─2─▶ scope_logs ─2─▶ log_records, as for spans. */
const [RESOURCE_LOGS, SCOPE_LOGS, LOG_RECORDS] = [1, 2, 2] as const;

/**
 * Reads an ExportLogsServiceRequest. Throws SpanledgerError `malformed_otlp` when the bytes are none.
 *
 * @example readLogs(Buffer.from('{"resourceLogs":[]}'), 'json').records // []
 */
export function readLogs(body: Uint8Array, encoding: Encoding): LogRequest {
  const records = read(body, encoding);
  const readable = records.filter((record) => record !== undefined);
  return { records: readable, unreadable: records.length - readable.length };
}

/** The levels above the records are those of spans, and so is what can be wrong with them. */
function read(body: Uint8Array, encoding: Encoding): (Span | undefined)[] {
  try {
    return encoding === 'json' ? readJson(body) : readProtobuf(body);
  } catch (error) {
    if (!(error instanceof SpanledgerError)) throw error;
    throw new SpanledgerError(error.code, error.message.replace('trace request', 'log request'), { cause: error });
  }
}

function readProtobuf(body: Uint8Array): (Span | undefined)[] {
  const found: (Span | undefined)[] = [];
  for (const [resourceLogs, at] of protobuf.children(body, RESOURCE_LOGS, 'resource_logs', '')) {
    const resource = protobuf.readResource(resourceLogs, at);
    for (const [scopeLogs, below] of protobuf.children(resourceLogs, SCOPE_LOGS, 'scope_logs', at)) {
      const scope = protobuf.readScope(scopeLogs, below);
      for (const [bytes] of protobuf.children(scopeLogs, LOG_RECORDS, 'log_records', below)) {
        const record = protobuf.attempt(() => decode('LogRecord', bytes));
        found.push(
          record &&
            spanOf({
              traceId: protobuf.hex(record.traceId, 16),
              spanId: protobuf.hex(record.spanId, 8),
              eventName: record.eventName,
              body: protobuf.readValue(record.body),
              times: [record.timeUnixNano, record.observedTimeUnixNano],
              attributes: protobuf.readAttributes(record.attributes),
              scope,
              resource,
            }),
        );
      }
    }
  }
  return found;
}

function readJson(body: Uint8Array): (Span | undefined)[] {
  const found: (Span | undefined)[] = [];
  for (const [resourceLogs, at] of json.objects(json.parse(body), 'resourceLogs', '')) {
    const resource = json.readResource(resourceLogs);
    for (const [scopeLogs, below] of json.objects(resourceLogs, 'scopeLogs', at)) {
      const scope = json.readScope(scopeLogs);
      for (const node of json.list(scopeLogs, 'logRecords', below))
        found.push(isObject(node) ? jsonRecord(node, scope, resource) : undefined);
    }
  }
  return found;
}

function jsonRecord(node: JsonObject, scope: Scope, resource: AttributeMap): Span {
  return spanOf({
    traceId: json.hexId(node['traceId'], 32),
    spanId: json.hexId(node['spanId'], 16),
    eventName: json.text(node['eventName']),
    body: json.readValue(node['body'], 0) ?? null,
    times: [json.unixNano(node['timeUnixNano']), json.unixNano(node['observedTimeUnixNano'])],
    attributes: json.readAttributes(node['attributes']),
    scope,
    resource,
  });
}

interface Record {
  readonly traceId: string;
  readonly spanId: string;
  readonly eventName: string;
  readonly body: AttributeValue;
  readonly times: readonly [said: bigint, observed: bigint];
  readonly attributes: AttributeMap;
  readonly scope: Scope;
  readonly resource: AttributeMap;
}

function spanOf({ traceId, spanId, eventName, body, times, attributes, scope, resource }: Record): Span {
  const end = times[0] !== 0n ? times[0] : (timestampOf(attributes) ?? times[1]);
  const duration = durationOf(attributes);
  return {
    traceId,
    spanId: '',
    parentSpanId: spanId,
    name: nameOf(eventName, body, attributes),
    kind: 0,
    startUnixNano: duration < end ? end - duration : end,
    endUnixNano: end,
    statusCode: 0,
    statusMessage: '',
    attributes,
    scope,
    resource,
  };
}

/** A field of its own since 1.5 of the protocol; before that an attribute, or the body. */
function nameOf(eventName: string, body: AttributeValue, attributes: AttributeMap): string {
  if (eventName !== '') return eventName;
  const named = attributes.get('event.name');
  if (typeof named === 'string' && named !== '') return named;
  return typeof body === 'string' && body.length <= 256 ? body : '';
}

/** Some emitters give the time as text only. */
function timestampOf(attributes: AttributeMap): bigint | undefined {
  const said = attributes.get('event.timestamp');
  const ms = typeof said === 'string' && said.length <= 64 ? Date.parse(said) : Number.NaN;
  return ms > 0 ? BigInt(ms) * 1_000_000n : undefined;
}

const MOST_MS = 86_400_000;

function durationOf(attributes: AttributeMap): bigint {
  const said = attributes.get('duration_ms');
  const ms = typeof said === 'string' && said !== '' ? Number(said) : said;
  return typeof ms === 'number' && ms > 0 && ms < MOST_MS ? BigInt(Math.round(ms)) * 1_000_000n : 0n;
}
