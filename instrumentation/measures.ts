import type { Attributes, MeterProvider } from '@opentelemetry/api';
import type { FinishedCall } from './finished-call.ts';
import { guarded } from './contain.ts';
import { attr, scopeName } from './semconv.ts';

/** https://github.com/open-telemetry/semantic-conventions-genai: buckets that the conventions give. */
const tokenBuckets = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];
const secondBuckets = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
/** Few values each: what a customer or a route is never becomes a label. */
const labels = [
  attr.operation,
  attr.provider,
  attr.requestModel,
  attr.responseModel,
  attr.serverAddress,
  attr.serverPort,
] as const;

/**
 * `gen_ai.client.token.usage` and `gen_ai.client.operation.duration`, where the application has a meter provider.
 *
 * @example createMeasures(() => metrics.getMeterProvider(), '1.0.0')(finishedCall)
 */
export function createMeasures(meters: () => MeterProvider | undefined, version: string): (call: FinishedCall) => void {
  const create = (provider: MeterProvider) => {
    const meter = provider.getMeter(scopeName, version);
    const tokens = meter.createHistogram('gen_ai.client.token.usage', {
      unit: '{token}',
      description: 'Tokens of a call, by type',
      advice: { explicitBucketBoundaries: tokenBuckets },
    });
    const duration = meter.createHistogram('gen_ai.client.operation.duration', {
      unit: 's',
      description: 'Duration of a call',
      advice: { explicitBucketBoundaries: secondBuckets },
    });
    return { provider, tokens, duration };
  };
  let made: ReturnType<typeof create> | undefined;
  const measure = ({ attributes, start, end, error, ids }: FinishedCall, provider: MeterProvider): void => {
    // An outcome or a marker is no call.
    if (attributes[attr.operation] === undefined) return;
    made = made?.provider === provider ? made : create(provider);
    // The API's own stand-in gives one and the same for everything: nobody measures.
    if (made.tokens === made.duration) return;
    const common: Attributes = {};
    for (const label of labels) if (attributes[label] !== undefined) common[label] = attributes[label];
    for (const [type, count] of [
      ['input', attributes[attr.inputTokens]],
      ['output', attributes[attr.outputTokens]],
    ] as const)
      if (typeof count === 'number') made.tokens.record(count, { ...common, 'gen_ai.token.type': type });
    // The results of a batch say nothing of how long they took.
    if (ids !== undefined) return;
    made.duration.record((end - start) / 1000, error === undefined ? common : { ...common, [attr.errorType]: error });
  };
  return (call) => {
    const provider = meters();
    if (provider !== undefined) guarded(() => measure(call, provider));
  };
}
