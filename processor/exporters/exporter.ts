import type { Encoding, Signal } from '../otlp/request.ts';

/** One OTLP request on its way to a backend. */
export interface Parcel {
  readonly signal: Signal;
  readonly encoding: Encoding;
  readonly body: Uint8Array;
  /** Spans, records or points in it: what counters and logs speak of. */
  readonly items: number;
  /** The same as it was sent to us, for a backend that refuses what we made of it. */
  readonly original?: Uint8Array | undefined;
}

/** What became of one attempt to hand a parcel to a backend. */
export type Outcome =
  /** Taken; `warning` is what the backend said beside it (a partial success). */
  | { readonly status: 'delivered'; readonly warning: string | undefined }
  /** The backend may take it another time; not before `retryAfterMs`, if it said so. */
  | { readonly status: 'later'; readonly reason: string; readonly retryAfterMs: number | undefined }
  /** More than the backend takes in one request. */
  | { readonly status: 'too_large'; readonly reason: string }
  /** Will never be taken. `reason` is a line for the log, without secrets. */
  | { readonly status: 'refused'; readonly reason: string };

export interface Exporter {
  /**
   * Resolves once every backend has the parcel, or has it safe in its spool. Rejects with `spool_full` or
   * `spool_unavailable` when the sender has to keep it.
   */
  forward(parcel: Parcel): Promise<{ readonly warning?: string | undefined }>;
}
