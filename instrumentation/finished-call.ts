import type { Attributes, SpanContext } from '@opentelemetry/api';
import type { Texts, TokenEstimate } from './estimate.ts';

/** A call that is over, ready to become a span. Times are milliseconds since the Unix epoch. */
export interface FinishedCall {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** The span that was active in the application. */
  readonly parent: SpanContext | undefined;
  readonly attributes: Attributes;
  /** `error.type`, where the call failed for the application. */
  readonly error: string | undefined;
  /** An event at its end, of the same name always. */
  readonly event?: Attributes;
  /** What the announcement of the call gave, where it was open for long. */
  readonly opened?: unknown;
  /** The ids of its span, where the same call must be the same span whenever it is recorded; then it has no parent. */
  readonly ids?: { readonly traceId: string; readonly spanId: string };
  /** Where counts were made by the rule of estimate.ts: of which texts, and the same call by a better count. */
  readonly estimated?: { readonly texts: Texts; readonly by: (tokens: TokenEstimate) => FinishedCall };
}
