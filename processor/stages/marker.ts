import type { Span } from '../otlp/request.ts';

/** What a marker has and no other span. */
export const MARKED = 'spanledger.call.span_id';

/**
 * A span that announces a call still open. The call's own span follows with an id of its own, so this one is neither
 * billed nor forwarded.
 */
export function isMarker(span: Span): boolean {
  return span.name === 'spanledger.call.started' && span.attributes.has(MARKED);
}
