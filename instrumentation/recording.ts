import type { Attributes, SpanContext } from '@opentelemetry/api';
import { isMainThread } from 'node:worker_threads';
import { watchAiSdk } from './ai-sdk.ts';
import { createBatches } from './batches.ts';
import type { FinishedCall } from './finished-call.ts';
import { clients } from './clients/index.ts';
import { setEmitter } from './emit.ts';
import { createEstimates } from './estimate.ts';
import type { createExporter } from './export.ts';
import { hookFetch } from './fetch.ts';
import { openGuard } from './guard/open.ts';
import type { startGuard } from './guard/start.ts';
import { hookModules, type HookReport } from './hook.ts';
import { createRecorder } from './recorder.ts';
import type { Settings } from './settings.ts';
import { hookSockets } from './sockets.ts';
import { currentTags, noTags } from './tags.ts';
import { createTokenCounter } from './tokens.ts';

/** What the instrumentation is given from outside its bundle. */
export interface Surroundings {
  /** Loads the exporter's module; asked once, when the first call is made. */
  readonly loadExporter: () => { readonly createExporter: typeof createExporter };
  /** Loads the guard's module; asked once, if ever. */
  readonly loadGuard: () => { readonly startGuard: typeof startGuard };
  /** One line for people. */
  readonly say: (line: string) => void;
  /** Files beside the preload. */
  readonly asideHook: string;
  readonly tokenizer: string;
  readonly lastGasp: string;
  readonly packageJson: string;
}

/** A call that has been open for a while, as far as it is known. Times are milliseconds since the Unix epoch. */
export interface OpenCall {
  readonly name: string;
  readonly start: number;
  readonly parent: SpanContext | undefined;
  readonly attributes: Attributes;
}

/** Where what is recorded goes. */
export interface Destination {
  /** For people. */
  readonly name: string;
  began(): void;
  add(call: FinishedCall): void;
  /** Announces a call that is still open. What it gives comes back with the call when that has finished (`opened`). */
  announce(call: OpenCall): unknown;
  /** For how many calls there is room that can wait. */
  room(): number;
}

/** Recording, of which there is one in a process. */
export interface Recording {
  /** Sends what is recorded there from now on. Gives a function that takes that back. */
  to(destination: Destination): () => void;
  /** Hands on what still waits for its counts; with `last`, every open call too, with what is known. */
  settle(limitMs: number, last: boolean): Promise<void>;
  /** The same, at once. */
  settleNow(): void;
  /** Hands on the results of batches that wait for room, or as many as there is room for in `limitMs`. False where there were none. */
  finish(limitMs: number): Promise<boolean>;
}

/** How long the end of the process waits for counts of tokens. */
const longestEstimateMs = 1000;
const slot = Symbol.for('spanledger.recording');
const shared = globalThis as { [slot]?: Recording };

/** The recording that was started in this process already. */
export function runningRecording(): Recording | undefined {
  return shared[slot];
}

/** Patches client libraries as they are loaded; nothing is recorded before there is a destination. */
export function startRecording(settings: Settings, surroundings: Surroundings): Recording {
  const running = runningRecording();
  if (running !== undefined) return running;
  const { say, asideHook, tokenizer } = surroundings;
  const destinations: Destination[] = [];
  const guard = openGuard(process.env, surroundings);
  const current = (): Destination | undefined => destinations.at(-1);

  const fixed = Object.keys(settings.tags).length === 0 ? noTags : settings.tags;
  const sources = { fixed, baggage: settings.baggage };
  const estimates = createEstimates(createTokenCounter(tokenizer), (call) => current()?.add(call));
  const recorder = createRecorder(sources, {
    began() {
      guard.began();
      const destination = current();
      destination?.began();
      return destination !== undefined;
    },
    emit: (call) => estimates.emit(call),
    capture: settings.content,
    admit: guard.admit,
    ...(settings.markers ? { announce: (call) => current()?.announce(call) } : {}),
  });
  setEmitter({
    sources,
    emit(call) {
      const destination = current();
      destination?.began();
      destination?.add(call);
      return destination !== undefined;
    },
  });
  const batches = createBatches({
    began() {
      const destination = current();
      destination?.began();
      return destination !== undefined;
    },
    tags: () => currentTags(sources),
    room: () => current()?.room() ?? 0,
    emit: (call) => current()?.add(call),
  });
  const recording: Recording = {
    to(destination) {
      destinations.push(destination);
      return () => {
        const at = destinations.lastIndexOf(destination);
        if (at >= 0) destinations.splice(at, 1);
      };
    },
    async settle(limitMs, last) {
      if (last) recorder.abandon();
      await estimates.settle(Math.min(limitMs, longestEstimateMs));
      batches.handOn();
    },
    settleNow() {
      recorder.abandon();
      estimates.giveUp();
      batches.handOn();
    },
    finish: (limitMs) => batches.finish(limitMs),
  };
  shared[slot] = recording;
  const observing = { recorder, batches, askForUsage: settings.askForUsage };
  hookFetch(observing, settings.dataApis);
  hookSockets(observing);
  watchAiSdk(observing);
  const report = reporter(isMainThread ? say : () => {}, () => current()?.name ?? 'nowhere yet');
  hookModules(
    clients.map((client) => client(observing)),
    report,
    asideHook,
  );
  return recording;
}

/** One line for each version of a library, however many copies of it are loaded. */
function reporter(say: (line: string) => void, where: () => string): HookReport {
  const said = new Set<string>();
  const once = (line: string): void => {
    if (said.has(line)) return;
    said.add(line);
    say(line);
  };
  return {
    patched: ({ name }, version) => once(`${name} ${version} patched → ${where()}`),
    unsupported: ({ name, majors: [from, to] }, version) =>
      once(`${name} ${version} is not supported (${from === to ? from : `${from}–${to}`}), not patched`),
    unexpected: ({ name }, version, file) => once(`${name} ${version} is not as expected (${file}), not patched`),
  };
}
