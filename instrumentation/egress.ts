import { context, propagation } from '@opentelemetry/api';

/**
 * Runs `work` where no baggage is active: tags are baggage, and whatever sends headers for the application's tracing (http
 * and undici instrumentation, a client's own propagation) must not send them to a model provider.
 */
export function withoutBaggage<T>(work: () => T): T {
  const active = context.active();
  return propagation.getBaggage(active) === undefined ? work() : context.with(propagation.deleteBaggage(active), work);
}
