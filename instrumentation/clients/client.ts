import type { Batches } from '../batches.ts';
import type { ClientLibrary } from '../hook.ts';
import type { Recorder } from '../recorder.ts';

export interface Observing {
  readonly recorder: Recorder;
  readonly batches: Batches;
  /** Whether streams may be asked for their usage. */
  readonly askForUsage: boolean;
}

/** HOW calls of one client library are observed. */
export type Client = (observing: Observing) => ClientLibrary;
