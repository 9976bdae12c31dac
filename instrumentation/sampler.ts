import { createContextKey, type Context } from '@opentelemetry/api';

/** What is needed of a sampler, of any line of the SDK. */
export interface AnySampler {
  shouldSample(...args: never[]): { readonly decision: number };
  toString(): string;
}

/** Marks the context in which a span of ours begins: when it does, its attributes do not say yet that it is a call. */
export const isOurs: symbol = createContextKey('spanledger.ours');

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
    const [context] = args as unknown as [Context];
    return context.getValue(isOurs) === true ? { ...result, decision: keep } : result;
  };
  kept.toString = () => `KeepCalls{${sampler.toString()}}`;
  return kept;
}
