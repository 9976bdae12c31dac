import type { Call } from '../call.ts';
import type { Span } from '../otlp/request.ts';

/** Reads the spans of one family of emitters. Total: any span gives an answer, never an exception. */
export interface Dialect {
  readonly name: string;
  /** The call that this span speaks of; undefined when it is not of this dialect. */
  read(span: Span): Call | undefined;
}
