import { context, propagation } from '@opentelemetry/api';

/**
 * Runs `work` where no baggage is active: tags are baggage, and whatever sends headers for the application's tracing (http
 * and undici instrumentation, a client's own propagation) must not send them to a model provider.
 */
export function withoutBaggage<T>(work: () => T): T {
  return hasBaggage() ? context.with(propagation.deleteBaggage(context.active()), work) : work();
}

export function hasBaggage(): boolean {
  return propagation.getBaggage(context.active()) !== undefined;
}
