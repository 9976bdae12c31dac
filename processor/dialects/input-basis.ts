import type { Span } from '../otlp/request.ts';

export type Verdict = 'inclusive' | 'exclusive';

/** One thing that is known about an emitter. `evidence` is where it was seen; a row without it has no place here. */
export interface BasisRow {
  /** Name of the instrumentation scope. */
  readonly scope: RegExp;
  /** First version that it holds for, and the first that it no longer does; '' where versions do not matter. */
  readonly from: string;
  readonly before: string;
  /** As the span names it; undefined for all. */
  readonly provider: RegExp | undefined;
  readonly input: Verdict;
  readonly evidence: string;
}

/**
 * Whether the `input_tokens` of an emitter include the cached ones, where that is known. The first row that fits counts.
 * To add an emitter, add a row with its evidence.
 */
export const basisTable: readonly BasisRow[] = [
  {
    scope: /^@traceloop\/instrumentation-anthropic$/,
    from: '',
    before: '',
    provider: undefined,
    input: 'exclusive',
    evidence: 'npm @traceloop/instrumentation-anthropic 0.27.0 sets the raw input_tokens of the API',
  },
  {
    scope: /^opentelemetry\.instrumentation\.anthropic$/,
    from: '',
    before: '',
    provider: undefined,
    input: 'inclusive',
    evidence: 'traceloop/openllmetry pull request 2175: input, reads and writes are summed',
  },
  {
    scope: /^@traceloop\/instrumentation-openai$|^opentelemetry\.instrumentation\.openai/,
    from: '',
    before: '',
    provider: undefined,
    input: 'inclusive',
    evidence: 'npm @traceloop/instrumentation-openai 0.27.0 passes on prompt_tokens, which include the cache',
  },
  {
    scope: /^openlit/,
    from: '',
    before: '',
    provider: /anthropic/i,
    input: 'exclusive',
    evidence: 'npm openlit 1.15.0 sets the raw input_tokens of the messages API',
  },
  {
    scope: /^openlit/,
    from: '',
    before: '',
    provider: /openai/i,
    input: 'inclusive',
    evidence: 'npm openlit 1.15.0 passes on prompt_tokens, which include the cache',
  },
  {
    scope: /^com\.anthropic\.sdk\./,
    from: '',
    before: '',
    provider: undefined,
    input: 'inclusive',
    evidence: '@anthropic-ai/sdk 1.12 run against a server: input_tokens 3, read 100, write 20 gave 123',
  },
  {
    scope: /^gen_ai$/,
    from: '',
    before: '',
    provider: undefined,
    input: 'inclusive',
    evidence:
      'npm @ai-sdk/otel 1.0.173 writes inputTokens.total; @ai-sdk/anthropic 3.0.139 sums input, reads and writes',
  },
  {
    scope: /^ai$/,
    from: '',
    before: '',
    provider: /^openai|^azure|^google|^vertex|^groq|^xai|^deepseek|^mistral/i,
    input: 'inclusive',
    evidence: 'ai 4 to 7 pass on or build a total that includes the cache, because these APIs count so',
  },
  {
    scope: /^pydantic-ai$/,
    from: '',
    before: '',
    provider: undefined,
    input: 'inclusive',
    evidence: 'pydantic-ai normalises every provider to totals; its own tests: 100 input with 20 read and 10 written',
  },
  {
    scope: /^logfire\.openai/,
    from: '',
    before: '',
    provider: undefined,
    input: 'inclusive',
    evidence: 'logfire passes on prompt_tokens and input_tokens of OpenAI, which include the cache',
  },
  {
    scope: /^gcp\.vertex\.agent$/,
    from: '',
    before: '',
    provider: undefined,
    input: 'inclusive',
    evidence: 'google/adk-python writes prompt_token_count, which includes cached_content_token_count',
  },
  {
    scope: /^codex/,
    from: '',
    before: '',
    provider: undefined,
    input: 'inclusive',
    evidence: 'codex_cli_rs: input 13297 = cached 4480 + non_cached 8817 on one span',
  },
  {
    scope: /^litellm/,
    from: '',
    before: '',
    provider: undefined,
    input: 'inclusive',
    evidence:
      'LiteLLM normalises usage before it is recorded: prompt_tokens include reads and writes (openlit/openlit issue 1378)',
  },
];

export interface CachedInput {
  readonly input: number;
  readonly cached: number;
  readonly output: number | undefined;
  readonly total: number | undefined;
}

/**
 * Whether `input` includes the cached tokens. By the dialect or the table where it is known; else by arithmetic, which
 * proves only that they are left out; else by the convention ("SHOULD include"), which is `assumed`. What is known gives
 * way to arithmetic that proves the opposite: an emitter whose newer version changed its mind. Never by whether subtracting
 * would go negative alone: that hides an emitter that is wrong on small cache counts only.
 */
export function inputBasis(
  span: Span,
  { provider, input: told }: { readonly provider: string | undefined; readonly input?: Verdict | undefined },
  { input, cached, output = 0, total }: CachedInput,
): { readonly includesCache: boolean; readonly basis: 'reported' | 'assumed' } {
  if (cached === 0) return { includesCache: true, basis: 'reported' };
  if (cached > input || total === input + cached + output) return { includesCache: false, basis: 'reported' };
  const known = told ?? knownVerdict(span, provider);
  if (known !== undefined) return { includesCache: known === 'inclusive', basis: 'reported' };
  return { includesCache: true, basis: 'assumed' };
}

function knownVerdict({ scope }: Span, provider: string | undefined): Verdict | undefined {
  return basisRow(scope, provider)?.input;
}

/** What is known of an emitter; undefined where nothing is. */
export function basisRow(scope: Span['scope'], provider: string | undefined): BasisRow | undefined {
  return basisTable.find(
    (row) =>
      row.scope.test(scope.name) &&
      (row.provider === undefined || row.provider.test(provider ?? '')) &&
      (row.from === '' || (scope.version !== '' && compareVersions(scope.version, row.from) >= 0)) &&
      (row.before === '' || (scope.version !== '' && compareVersions(scope.version, row.before) < 0)),
  );
}

/** @example compareVersions('1.10.0', '1.9.3') > 0 // true */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0));
  for (let index = 0; index < 3; index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
