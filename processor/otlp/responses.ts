import type { Encoding } from './request.ts';
import { decode, encode } from './schema.ts';

/** The codes of google.rpc.Status that are used here. */
export const rpcCodes = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;
export type RpcCode = (typeof rpcCodes)[keyof typeof rpcCodes];

export interface RpcStatus {
  readonly code: RpcCode;
  /** In English; what is wrong and what to do. */
  readonly message: string;
  /** What of the request was wrong, for google.rpc.BadRequest. */
  readonly field?: string | undefined;
  /** When to come again, for google.rpc.RetryInfo and Retry-After; undefined where that helps nothing. */
  readonly retrySeconds?: number | undefined;
}

export const contentTypes = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';
/** Characters of a message: an answer stays far below the 4 MiB that a client has to take. */
const MAX_MESSAGE = 16_384;

/** ExportTraceServiceResponse: all spans taken. A warning is a partial success that rejected none. */
export function exportResponse(encoding: Encoding, said = ''): Uint8Array {
  const warning = shortened(said);
  if (encoding === 'json')
    return Buffer.from(warning === '' ? '{}' : JSON.stringify({ partialSuccess: { errorMessage: warning } }));
  return warning === ''
    ? new Uint8Array(0)
    : encode('ExportResponse', { partialSuccess: { rejectedSpans: 0n, errorMessage: warning } });
}

/** google.rpc.Status, in the encoding of the request that it answers. */
export function statusBody(encoding: Encoding, { code, message: said, field, retrySeconds }: RpcStatus): Uint8Array {
  const message = shortened(said);
  const violations = field === undefined ? [] : [{ field, description: message }];
  if (encoding === 'json') {
    const details = [
      ...(field === undefined ? [] : [{ '@type': BAD_REQUEST, fieldViolations: violations }]),
      ...(retrySeconds === undefined ? [] : [{ '@type': RETRY_INFO, retryDelay: `${retrySeconds}s` }]),
    ];
    return Buffer.from(JSON.stringify({ code, message, ...(details.length === 0 ? {} : { details }) }));
  }
  const details = [];
  if (field !== undefined)
    details.push({ typeUrl: BAD_REQUEST, value: encode('BadRequest', { fieldViolations: violations }) });
  if (retrySeconds !== undefined)
    details.push({
      typeUrl: RETRY_INFO,
      value: encode('RetryInfo', { retryDelay: { seconds: BigInt(retrySeconds) } }),
    });
  return encode('Status', { code, message, details });
}

function shortened(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
}

/** The message of a partial success that a backend answered; undefined where there is none, or none that can be read. */
export function partialSuccess(encoding: Encoding, body: Uint8Array): string | undefined {
  try {
    if (encoding === 'protobuf') {
      const partial = decode('ExportResponse', body).partialSuccess;
      return partial === undefined ? undefined : said(partial.rejectedSpans, partial.errorMessage);
    }
    const { partialSuccess: partial } = JSON.parse(Buffer.from(body).toString()) as {
      partialSuccess?: { rejectedSpans?: string | number; errorMessage?: string } | null;
    };
    return partial === undefined || partial === null
      ? undefined
      : said(BigInt(partial.rejectedSpans ?? 0), partial.errorMessage ?? '');
  } catch {
    return undefined;
  }
}

function said(rejected: bigint, message: string): string | undefined {
  if (rejected === 0n && message === '') return undefined;
  return rejected === 0n ? message : `${rejected} spans rejected${message === '' ? '' : `: ${message}`}`;
}
