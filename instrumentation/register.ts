import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { FinishedCall } from './call.ts';
import { clients } from './clients/index.ts';
import { hookFetch } from './fetch.ts';
import { setEmitter } from './emit.ts';
import { createEstimates } from './estimate.ts';
import { flushAtExit } from './exit.ts';
import type { createExporter, Exporter } from './export.ts';
import { failed, guarded } from './guard.ts';
import { hookModules, type HookReport } from './hook.ts';
import { createRecorder } from './recorder.ts';
import { readSettings } from './settings.ts';
import { noTags } from './tags.ts';
import { createTokenCounter } from './tokens.ts';

export interface Registration {
  /** Loads the exporter's module; asked once, when the first call is made. */
  readonly loadExporter: () => { readonly createExporter: typeof createExporter };
  /** One line for people. */
  readonly say: (line: string) => void;
  /** Files beside the preload. */
  readonly asideHook: string;
  readonly tokenizer: string;
  readonly packageJson: string;
}

/** Finished calls that wait for the exporter to be loaded. */
const mostPending = 1024;
/** How long the end of the process waits for counts of tokens. */
const longestEstimateMs = 1000;
const slot = Symbol.for('spanledger.registered');
const shared = globalThis as { [slot]?: true };

/** Starts recording: patches client libraries as they are loaded. The second time in a process it does nothing. */
export function register({ loadExporter, say, asideHook, tokenizer, packageJson }: Registration): void {
  if (shared[slot] === true) return;
  shared[slot] = true;
  const settings = readSettings(process.env);
  const tell = isMainThread ? say : () => {};

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
  const emit = (call: FinishedCall): void => {
    if (exporter !== undefined) exporter.add(call);
    else if (pending.length < mostPending) pending.push(call);
  };
  const estimates = createEstimates(createTokenCounter(tokenizer), emit);
  let first = true;
  // While the request is on its way there is time to load the exporter.
  const began = (): void => {
    if (!first) return;
    first = false;
    setImmediate(load);
    flushAtExit(async (limitMs, last) => {
      if (last) recorder.abandon();
      load();
      await estimates.settle(Math.min(limitMs, longestEstimateMs));
      await exporter?.flush(limitMs);
    });
  };

  const fixed = Object.keys(settings.tags).length === 0 ? noTags : settings.tags;
  const sources = { fixed, baggage: settings.baggage };
  const recorder = createRecorder(sources, (call) => estimates.emit(call), began);
  setEmitter({
    sources,
    emit(call) {
      began();
      emit(call);
    },
  });
  const observing = { recorder, askForUsage: settings.askForUsage };
  hookFetch(observing);
  hookModules(
    clients.map((client) => client(observing)),
    reporter(tell, settings.endpoint),
    asideHook,
  );
}

/** One line for each version of a library, however many copies of it are loaded. */
function reporter(say: (line: string) => void, endpoint: string): HookReport {
  const said = new Set<string>();
  const once = (line: string): void => {
    if (said.has(line)) return;
    said.add(line);
    say(line);
  };
  return {
    patched: ({ name }, version) => once(`${name} ${version} patched → ${endpoint}`),
    unsupported: ({ name, majors: [from, to] }, version) =>
      once(`${name} ${version} is not supported (${from === to ? from : `${from}–${to}`}), not patched`),
    unexpected: ({ name }, version, file) => once(`${name} ${version} is not as expected (${file}), not patched`),
  };
}

function versionOf(packageJson: string): string {
  const text = guarded(() => (JSON.parse(readFileSync(packageJson, 'utf8')) as { readonly version?: string }).version);
  return text ?? '0.0.0';
}
