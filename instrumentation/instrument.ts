import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { failed } from './contain.ts';
import { runningRecording, startRecording, type Surroundings } from './recording.ts';
import { readSettings } from './settings.ts';
import { shareTracer } from './share.ts';
import { versionOf } from './version.ts';

/** How long the end of the process waits until the results of a batch are handed over. */
const longestMs = 30_000;

export interface Providers {
  readonly tracers: () => TracerProvider;
  readonly meters: () => MeterProvider | undefined;
}

/** Records through the application's own providers, until the function that it gives is called. */
export function instrument(surroundings: Surroundings, providers: Providers): () => void {
  const preloaded = runningRecording() !== undefined;
  const recording = startRecording(readSettings(process.env), surroundings);
  const destination = shareTracer(providers, versionOf(surroundings.packageJson));
  if (preloaded) surroundings.say(`calls go to ${destination.name}, because it has the instrumentation too`);
  const stop = recording.to(destination);
  // What is still open when the process ends by itself is handed over; delivering it is up to the application.
  let ended = false;
  const settle = (): void => {
    recording.settleNow();
    if (ended) return;
    ended = true;
    recording.finish(longestMs).catch(failed);
  };
  process.on('beforeExit', settle);
  return () => {
    process.removeListener('beforeExit', settle);
    stop();
  };
}
