import { fromDisjoint } from '../../pricing/usage/usage.ts';
import type { Micros } from '../../pricing/charge.ts';
import type { Call } from '../call.ts';
import { count, text } from '../dialects/attributes.ts';
import { genAiCall } from '../dialects/gen-ai-call.ts';
import type { Span } from '../otlp/request.ts';
import type { Held } from '../window.ts';
import { chargeFor, entryFor, type Prices } from './entry.ts';
import { entryText } from './entry-text.ts';
import { MARKED } from './marker.ts';

/** The body of an open call: what it is taken for if it never ends, and what bounds it until then. */
export interface OpenBody {
  /** An entry, as `entryText` writes it. */
  readonly entry: string;
  /** `gen_ai.request.max_tokens`; null where the request set none. */
  readonly maxOutputTokens: number | null;
}

/** The error of a call whose end never came. */
export const NOT_ENDED = 'not_ended';

/**
 * What a marker says of a call that has begun. Its entry, should its end never come, holds the input that was estimated
 * when it began: that much is billed for certain. Undefined for a marker without ids.
 */
export function openCall(marker: Span, dueUs: Micros, prices: Prices): Held | undefined {
  const spanId = text(marker.attributes, MARKED)?.toLowerCase() ?? '';
  if (!/^[0-9a-f]{16}$/.test(spanId) || /^0*$/.test(spanId) || /^0*$/.test(marker.traceId)) return undefined;
  const said = text(marker.attributes, 'spanledger.call.start_unix_nano') ?? '';
  const start = /^\d{1,19}$/.test(said) ? BigInt(said) : marker.startUnixNano;
  const span: Span = { ...marker, spanId, startUnixNano: start, endUnixNano: start };
  const call = begun(span);
  const entry = entryFor(span, call, chargeFor(call, Number(start / 1000n), prices));
  const limit = count(marker.attributes, 'gen_ai.request.max_tokens');
  const maxOutputTokens = Number.isSafeInteger(limit) ? (limit ?? null) : null;
  const body: OpenBody = { entry: entryText(entry), maxOutputTokens };
  return {
    traceId: entry.traceId,
    spanId: entry.spanId,
    kind: 'open',
    state: 'waiting',
    startUs: entry.startUs,
    endUs: entry.startUs,
    dueUs,
    body: JSON.stringify(body),
  };
}

function begun(span: Span): Call {
  const input = count(span.attributes, 'spanledger.call.input_tokens');
  const isKnown = input !== undefined && Number.isSafeInteger(input) && input > 0;
  return {
    ...genAiCall(span),
    kind: 'call',
    dialect: 'spanledger',
    operation: text(span.attributes, 'gen_ai.operation.name') ?? 'chat',
    usage: isKnown ? fromDisjoint({ input }, 'reported') : { status: 'missing' },
    usageState: isKnown ? 'estimated' : 'absent',
    error: NOT_ENDED,
  };
}
