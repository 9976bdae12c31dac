import { SpanledgerError } from '../errors.ts';
import { rpcCodes, type RpcStatus } from '../otlp/index.ts';

/** An answer that is not 200. */
export interface Refusal {
  readonly http: number;
  readonly status: RpcStatus;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The one place that knows which HTTP status an error is. Only 429, 502, 503 and 504 are sent again by exporters: whatever
 * may pass must be one of them, and whatever will fail again must not.
 */
export function refusalFor(error: unknown): Refusal {
  if (!(error instanceof SpanledgerError))
    return refuse(503, rpcCodes.unavailable, 'an unexpected failure; the request was not taken, send it again', RETRY);
  if (error.code === 'body_too_large') return refuse(413, rpcCodes.resourceExhausted, error.message);
  if (error.code === 'malformed_otlp')
    return { http: 400, status: { code: rpcCodes.invalidArgument, message: error.message, field: 'body' } };
  if (error.sort === 'retryable') return refuse(503, rpcCodes.unavailable, error.message, RETRY);
  return refuse(400, rpcCodes.invalidArgument, error.message);
}

const RETRY = { 'retry-after': '5' } as const;

export function refuse(
  http: number,
  code: RpcStatus['code'],
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return { http, status: { code, message }, headers };
}
