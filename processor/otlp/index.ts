import { readJson } from './json.ts';
import { readProtobuf } from './protobuf.ts';
import type { Encoding, Interest, TraceRequest } from './request.ts';
import { scannerFor } from './scan/scan.ts';

export * from './request.ts';
export { contentTypes, exportResponse, partialSuccess, rpcCodes, statusBody, type RpcStatus } from './responses.ts';
export { countItems, halves } from './split.ts';

export type TraceReader = (body: Uint8Array, encoding: Encoding) => TraceRequest;

/**
 * A reader of ExportTraceServiceRequests that gives the spans of interest. It throws SpanledgerError `malformed_otlp`, which
 * says where, when the bytes are none.
 *
 * @example traceReader({ keys: new Set(['gen_ai.system']), isScope: () => false })(body, 'protobuf').spans
 */
export function traceReader(interest: Interest | 'all'): TraceReader {
  const scan = scannerFor(interest);
  return (body, encoding) => {
    if (encoding === 'json') return readJson(body, interest);
    try {
      return scan(body);
    } catch {
      // Broken, or odd: the library takes each span apart for itself, and says what is wrong.
      return readProtobuf(body);
    }
  };
}

/**
 * Every span of a request.
 *
 * @example readTraces(Buffer.from('{"resourceSpans":[]}'), 'json').spans // []
 */
export const readTraces: TraceReader = traceReader('all');
export { readLogs, type LogRequest } from './logs.ts';
