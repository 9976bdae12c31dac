import type { Call } from '../call.ts';
import type { Span } from '../otlp/request.ts';

/**
 * Reads the spans of one family of emitters. Total: any span gives an answer, never an exception.
 *
 * `scopes` and `keys` say which spans are worth a look, so that a span of another kind costs one look-up per attribute
 * however many dialects there are: a span is shown to a dialect if its scope's name matches, or if it has one of the keys.
 */
export interface Dialect {
  readonly name: string;
  /** Names of instrumentation scopes that only this family uses. */
  readonly scopes?: RegExp;
  /** Attributes that only this family writes. */
  readonly keys: readonly string[];
  /**
   * The call that this span speaks of; `null` when the span is of this dialect and there is nothing to charge in it;
   * undefined when it is not of this dialect, and the next one is to be asked.
   */
  read(span: Span): Call | null | undefined;
}
