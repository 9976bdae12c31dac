import { metrics, trace, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import { createRequire } from 'node:module';
import type { instrument } from './instrument.ts';
import type { Surroundings } from './recording.ts';
import { versionOf } from './version.ts';

export interface GenAIInstrumentationConfig {
  /** Records at once; `false` leaves that to `enable()`. */
  readonly enabled?: boolean;
}

/**
 * The instrumentation for an application that has an OpenTelemetry set-up of its own: calls become spans of its tracer
 * provider, and measurements (`gen_ai.client.*`) of its meter provider. Create it before client libraries are loaded. It
 * fits the `Instrumentation` of `@opentelemetry/instrumentation` of every line without depending on it.
 *
 * @example new NodeSDK({ instrumentations: [getNodeAutoInstrumentations(), new GenAIInstrumentation()] }).start();
 */
export class GenAIInstrumentation {
  readonly instrumentationName = 'spanledger';
  readonly instrumentationVersion: string;
  readonly #surroundings: Surroundings;
  #config: GenAIInstrumentationConfig;
  #tracers: TracerProvider | undefined;
  #meters: MeterProvider | undefined;
  #stop: (() => void) | undefined;

  constructor(config: GenAIInstrumentationConfig = {}) {
    this.#surroundings = place.surroundings;
    this.instrumentationVersion = versionOf(this.#surroundings.packageJson);
    this.#config = { enabled: true, ...config };
    if (this.#config.enabled === true) this.enable();
  }

  enable(): void {
    this.#config = { ...this.#config, enabled: true };
    // Loaded here, because who only tags has no use for it.
    const { instrument: start } = place.load('register') as { readonly instrument: typeof instrument };
    this.#stop ??= start(this.#surroundings, {
      tracers: () => this.#tracers ?? trace.getTracerProvider(),
      meters: () => this.#meters ?? metrics.getMeterProvider(),
    });
  }

  /** Nothing is recorded any more, and client libraries run as they are. */
  disable(): void {
    this.#config = { ...this.#config, enabled: false };
    this.#stop?.();
    this.#stop = undefined;
  }

  setTracerProvider(provider: TracerProvider): void {
    this.#tracers = provider;
  }

  setMeterProvider(provider: MeterProvider): void {
    this.#meters = provider;
  }

  setConfig(config: GenAIInstrumentationConfig): void {
    this.#config = { enabled: true, ...config };
  }

  getConfig(): GenAIInstrumentationConfig {
    return this.#config;
  }
}

/** The same files that the preload loads: in one process there is one copy of them. */
const place = createRequire(import.meta.url)('./place.cjs') as {
  load(name: string): unknown;
  readonly surroundings: Surroundings;
};
