import type { Call } from '../call.ts';
import type { Span } from '../otlp/request.ts';
import type { Dialect } from './dialect.ts';
import { otelGenai } from './otel-genai.ts';
import { spanledger } from './spanledger.ts';

/** Tried in order; the first that recognises a span wins. Ours comes first: it writes GenAI names too. */
export const dialects: readonly Dialect[] = [spanledger, otelGenai];

/** The call that a span speaks of; undefined where no dialect recognises it. */
export function readCall(span: Span): Call | undefined {
  for (const dialect of dialects) {
    const call = dialect.read(span);
    if (call !== undefined) return call;
  }
  return undefined;
}
