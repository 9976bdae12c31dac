import type { MeterProvider } from '@opentelemetry/api';
import type { Exporter } from './export.ts';
import type { FinishedCall } from './finished-call.ts';
import { flushAtExit } from './exit.ts';
import { failed } from './contain.ts';
import { createMeasures } from './measures.ts';
import { runningRecording, startRecording, type Destination, type Surroundings } from './recording.ts';
import { readSettings, type Settings } from './settings.ts';
import { versionOf } from './version.ts';

export { flushAtExit } from './exit.ts';
export { instrument } from './instrument.ts';

/** Finished calls that wait for the exporter to be loaded. */
const mostPending = 1024;

/**
 * Starts recording for the preload: calls go to the endpoint, and are measured where there is a meter provider. The second
 * time in a process it does nothing.
 */
export function register(surroundings: Surroundings, meters?: () => MeterProvider | undefined): void {
  if (runningRecording() !== undefined) return;
  const settings = readSettings(process.env);
  for (const mistake of settings.mistakes) surroundings.say(mistake);
  const destination = endpoint(settings, surroundings);
  const measure = meters && createMeasures(meters, versionOf(surroundings.packageJson));
  startRecording(settings, surroundings).to(measure === undefined ? destination : measured(destination, measure));
}

function measured(destination: Destination, measure: (call: FinishedCall) => void): Destination {
  return {
    ...destination,
    add(call) {
      destination.add(call);
      measure(call);
    },
  };
}

/** Calls go to the OTLP endpoint of the environment, through an exporter that nobody else sees. */
export function endpoint(settings: Settings, { say, loadExporter, lastGasp, packageJson }: Surroundings): Destination {
  let exporter: Exporter | undefined;
  let loading = false;
  const pending: FinishedCall[] = [];
  const load = (): void => {
    if (loading) return;
    loading = true;
    try {
      const warn = (reason: string): void =>
        say(
          `cannot deliver spans to ${settings.endpoint} (${reason}); calls are not affected, delivery goes on trying`,
        );
      exporter = loadExporter().createExporter(process.env, versionOf(packageJson), warn);
      for (const call of pending.splice(0)) exporter.add(call);
    } catch (error) {
      failed(error);
      say(
        `the exporter could not start, nothing is recorded: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  let first = true;
  return {
    name: settings.endpoint,
    began() {
      if (!first) return;
      first = false;
      // While the request is on its way there is time to load the exporter.
      setImmediate(load);
      flushAtExit({
        async flush(limitMs, last) {
          load();
          await runningRecording()?.settle(limitMs, last);
          await exporter?.flush(limitMs);
        },
        async finish(limitMs) {
          if ((await runningRecording()?.finish(limitMs)) === true) await exporter?.flush(limitMs);
        },
        ...(settings.lastGasp
          ? {
              gasp() {
                load();
                runningRecording()?.settleNow();
                exporter?.gasp(lastGasp);
              },
            }
          : {}),
      });
    },
    add(call) {
      if (exporter !== undefined) exporter.add(call);
      else if (pending.length < mostPending) pending.push(call);
    },
    announce: (call) => exporter?.announce(call),
    room: () => exporter?.room() ?? 0,
  };
}
