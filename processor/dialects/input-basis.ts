import type { Span } from '../otlp/request.ts';

/**
 * Emitters whose `gen_ai.usage.input_tokens` leaves the cache out, against the convention: they pass on the raw count of an
 * API that counts cached tokens apart. To add one, add a row and its evidence.
 */
const exclusiveEmitters: readonly { readonly scope: string; readonly provider: string | undefined }[] = [
  // npm @traceloop/instrumentation-anthropic 0.27.0 sets Anthropic's raw input_tokens.
  { scope: '@traceloop/instrumentation-anthropic', provider: undefined },
  // npm openlit 1.15.0 sets Anthropic's raw input_tokens; for OpenAI the raw count includes the cache.
  { scope: 'openlit', provider: 'anthropic' },
];

export interface CachedInput {
  readonly input: number;
  readonly cached: number;
  readonly output: number | undefined;
  readonly total: number | undefined;
}

/**
 * Whether `input` includes the cached tokens. By the emitter where it is known; else by arithmetic, which proves only that
 * they are left out; else by the convention ("SHOULD include"), which is `assumed`. Never by whether subtracting would go
 * negative alone: that hides an emitter that is wrong on small cache counts only.
 */
export function inputBasis(
  span: Span,
  provider: string | undefined,
  counts: CachedInput,
): { readonly includesCache: boolean; readonly basis: 'reported' | 'assumed' } {
  if (counts.cached === 0) return { includesCache: true, basis: 'reported' };
  const known = exclusiveEmitters.some(
    (emitter) => emitter.scope === span.scope.name && (emitter.provider ?? provider) === provider,
  );
  const { input, cached, output = 0, total } = counts;
  const sumsApart = total !== undefined && total === input + cached + output;
  if (known || cached > input || sumsApart) return { includesCache: false, basis: 'reported' };
  return { includesCache: true, basis: 'assumed' };
}
