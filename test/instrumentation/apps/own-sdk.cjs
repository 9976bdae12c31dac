// The application's own OpenTelemetry, loaded with --require before or after the preload.
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-http');
const { NodeSDK } = require('@opentelemetry/sdk-node');

const sdk = new NodeSDK({
  serviceName: 'shop',
  traceExporter: new OTLPTraceExporter({ url: `${process.env.OWN_SINK}/v1/traces` }),
  instrumentations: [],
});
sdk.start();
globalThis.ownSdk = sdk;
