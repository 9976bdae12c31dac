/** What is needed of a sampler, of any line of the SDK. */
export interface AnySampler {
  shouldSample(...args: never[]): { readonly decision: number };
  toString(): string;
}

/** `SamplingDecision.RECORD_AND_SAMPLED` */
const keep = 2;

/**
 * A sampler for a tracer provider that {@link GenAIInstrumentation} shares: the spans of calls are always kept, because a
 * sampled ledger is a wrong one; everything else is up to `sampler`.
 *
 * @example new NodeSDK({ sampler: keepCalls(new TraceIdRatioBasedSampler(0.01)), … })
 */
export function keepCalls<Sampler extends AnySampler>(sampler: Sampler): Sampler {
  const kept = Object.create(sampler) as Sampler & { shouldSample: Sampler['shouldSample'] };
  kept.shouldSample = (...args: Parameters<Sampler['shouldSample']>) => {
    const result = sampler.shouldSample(...args);
    const [, , name, , attributes] = args as unknown as [unknown, unknown, string, unknown, object];
    const ours = name.startsWith('spanledger.') || 'spanledger.attempts' in attributes;
    return ours ? { ...result, decision: keep } : result;
  };
  kept.toString = () => `KeepCalls{${sampler.toString()}}`;
  return kept;
}
