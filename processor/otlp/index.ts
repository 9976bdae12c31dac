import { readJson } from './json.ts';
import { readProtobuf } from './protobuf.ts';
import type { Encoding, TraceRequest } from './request.ts';

export * from './request.ts';
export { contentTypes, exportResponse, partialSuccess, rpcCodes, statusBody, type RpcStatus } from './responses.ts';

/**
 * Reads an ExportTraceServiceRequest. Throws SpanledgerError `malformed_otlp`, which says where, when the bytes are none.
 *
 * @example readTraces(Buffer.from('{"resourceSpans":[]}'), 'json').spans // []
 */
export function readTraces(body: Uint8Array, encoding: Encoding): TraceRequest {
  return encoding === 'json' ? readJson(body) : readProtobuf(body);
}
export { countItems, halves } from './split.ts';
