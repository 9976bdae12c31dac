import { createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';

/** The application's http instrumentation leaves alone what runs under this; there is no baggage in it either. */
export const untraced = ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true);
