import type { Encoding, Signal } from '../otlp/index.ts';

export interface Taken {
  /** For the sender, beside the good news: what a partial success says. */
  readonly warning?: string | undefined;
}

/**
 * Takes the bytes of one export request, decompressed: resolves once everything in it is safe. Rejects with a SpanledgerError
 * that says whether sending it again can help.
 */
export type Consume = (body: Uint8Array, encoding: Encoding) => Promise<Taken>;

/** What receivers hand requests to, one for each signal. Receivers know transports; what is in the bytes they don't. */
export type Intake = Readonly<Record<Signal, Consume>>;
