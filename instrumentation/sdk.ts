/**
 * `node --require spanledger/instrumentation/sdk app.js` (or `--import`): a complete OpenTelemetry for an application that
 * has none. Its requests, routes and outgoing calls become spans (http, express, undici); model calls are recorded as by the
 * lean preload, through an exporter of their own, so that no sampler loses money, and stand in the same traces.
 *
 * It is configured by the standard OTEL_* variables. Without them: traces go to `http://localhost:4318`, there are no
 * metrics and no logs, and the resource is what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say.
 */
import { metrics, ProxyTracerProvider, trace } from '@opentelemetry/api';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import Module, { createRequire, syncBuiltinESMExports } from 'node:module';
import { isInternalThread } from 'node:worker_threads';
import type { Surroundings } from './recording.ts';
import type { flushAtExit, register } from './register.ts';
import { resourceAttributes } from './resource.ts';
import { createSpanProcessor } from './span-processor.ts';

/** What the bundle beside this one gives. */
export interface Beside {
  readonly register: typeof register;
  readonly flushAtExit: typeof flushAtExit;
}

/** Starts the SDK and recording. Where the process has an OpenTelemetry already, only recording. */
export function startSdk(surroundings: Surroundings, beside: Beside): void {
  if (isInternalThread) return;
  const { env } = process;
  if (isSetUp()) {
    surroundings.say('this process has an OpenTelemetry already, which is left as it is; calls are recorded beside it');
    return beside.register(surroundings);
  }
  // Anthropic's client would make a span of its own for every call that we record.
  env['ANTHROPIC_OPEN_TELEMETRY'] ??= 'false';
  createSdk(env, surroundings).start();
  showImported('express', createRequire(surroundings.packageJson));
  beside.flushAtExit({ flush: (limitMs) => flushProviders(limitMs) });
  beside.register(surroundings, () => metrics.getMeterProvider());
}

function isSetUp(): boolean {
  const provider = trace.getTracerProvider();
  const nothing = new ProxyTracerProvider().getDelegate();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== nothing;
}

function createSdk(env: NodeJS.ProcessEnv, { say }: Surroundings): NodeSDK {
  const warn = (reason: string): void => say(`cannot deliver traces (${reason}); delivery goes on trying`);
  const { OTEL_TRACES_EXPORTER: traces = '', OTEL_METRICS_EXPORTER: metrics, OTEL_LOGS_EXPORTER: logs } = env;
  const detects = (env['OTEL_NODE_RESOURCE_DETECTORS'] ?? '') !== '';
  return new NodeSDK({
    resource: resourceFromAttributes(resourceAttributes(env)),
    // The usual detectors add the command line, where secrets sit.
    ...(detects ? {} : { resourceDetectors: [envDetector] }),
    ...(metrics ? {} : { metricReaders: [] }),
    ...(logs ? {} : { logRecordProcessors: [] }),
    // As calls are delivered: the process never waits for it, but for its end.
    ...(traces === '' || traces === 'otlp' ? { spanProcessors: [createSpanProcessor(env, warn)] } : {}),
    instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation(), new UndiciInstrumentation()],
  });
}

/**
 * The instrumentations hear of `require` alone. What is imported is shown to them when it has been compiled; they patch in
 * place, so that the import gets it too. Node's own modules are required once for them, and named imports follow.
 */
function showImported(name: string, require: NodeJS.Require): void {
  for (const builtin of ['http', 'https']) require(builtin);
  syncBuiltinESMExports();
  type Compile = (this: NodeModule, source: string, path: string, ...rest: unknown[]) => unknown;
  const prototype = Module.prototype as unknown as { _compile: Compile };
  const compile = prototype._compile;
  const main = new RegExp(String.raw`[\\/]node_modules[\\/]${name}[\\/]index\.js$`);
  prototype._compile = function _compile(source, path, ...rest) {
    const result = compile.call(this, source, path, ...rest);
    if (main.test(path)) this.require(path);
    return result;
  };
}

/** Providers of the SDK know how; the others have nothing. */
async function flushProviders(limitMs: number): Promise<void> {
  const tracers = trace.getTracerProvider();
  const providers = [
    tracers instanceof ProxyTracerProvider ? tracers.getDelegate() : tracers,
    metrics.getMeterProvider(),
  ];
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  const flushes = providers.map(async (provider) => {
    if ('forceFlush' in provider && typeof provider.forceFlush === 'function') await provider.forceFlush();
  });
  await Promise.race([Promise.allSettled(flushes), over]);
  clearTimeout(timer);
}
