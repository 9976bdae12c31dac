import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import type { OtlpConfig } from './transport.ts';

/** Where and how spans are sent, from the standard variables; gzip unless they say otherwise. */
export function otlpConfig(env: NodeJS.ProcessEnv): OtlpConfig {
  const { OTEL_EXPORTER_OTLP_COMPRESSION: all, OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: traces } = env;
  const compression = (traces ?? all) === undefined ? { compression: 'gzip' as never } : {};
  const type = { 'Content-Type': 'application/json' };
  return convertLegacyHttpOptions({ ...compression, keepAlive: true }, 'TRACES', 'v1/traces', type);
}
