import { SpanledgerError } from '../errors.ts';
import { rpcCodes, type RpcStatus } from '../otlp/index.ts';

/** When a sender should come again. */
const retrySeconds = 5;

/** An answer that is not 200. */
export interface Refusal {
  /** What it is counted under: an error code, or a word for what was wrong with the request's head. */
  readonly code: string;
  readonly http: number;
  readonly status: RpcStatus;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The one place that knows which HTTP status an error is. Only 429, 502, 503 and 504 are sent again by exporters: whatever
 * may pass must be one of them, and whatever will fail again must not.
 */
export function refusalFor(error: unknown): Refusal {
  if (!(error instanceof SpanledgerError)) {
    const message = 'an unexpected failure; the request was not taken, send it again';
    return { code: 'unexpected', http: 503, status: { code: rpcCodes.unavailable, message, retrySeconds } };
  }
  const { code, sort, message } = error;
  if (code === 'body_too_large') return { code, http: 413, status: { code: rpcCodes.resourceExhausted, message } };
  if (sort === 'retryable') return { code, http: 503, status: { code: rpcCodes.unavailable, message, retrySeconds } };
  return { code, http: 400, status: { code: rpcCodes.invalidArgument, message, field: 'body' } };
}
