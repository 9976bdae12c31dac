/**
 * What the simulator is asked to do with one HTTP request. Everything is optional: `{}` is a plain, fast, good answer.
 * Sent as JSON in the request header `x-simulate`, queued with `script`, or kept for a model in `models`.
 */
export interface Behaviour {
  /** Figures for the usage block, in the simulator's own words; what is left out is counted from the texts. */
  readonly usage?: Partial<SimulatedUsage>;
  /** The usage block verbatim, in place of the figures; `null` leaves it out, as providers that report none do. */
  readonly usageBlock?: Readonly<Record<string, unknown>> | null;
  /** The text of the answer; by default as many words as the output tokens would be. */
  readonly text?: string;
  /** The model that the answer names; by default the dated snapshot of the one asked for. */
  readonly model?: string;
  /** The tier that the answer names as served. */
  readonly serviceTier?: string;
  readonly finish?: 'stop' | 'length' | 'failed';
  /** An error with this status and the API's own error body. */
  readonly status?: number;
  /** The message of the error; by default what the API says for the status. */
  readonly message?: string;
  /** Only the first n attempts of a logical call fail with `status` (500 by default), told by `x-stainless-retry-count`. */
  readonly failures?: number;
  /** Sent with an error as `retry-after` (seconds) and `retry-after-ms`. */
  readonly retryAfterMs?: number;
  /** Extra response headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Waited before the status line. */
  readonly delayMs?: number;
  /** Waited between the events of a stream. */
  readonly chunkDelayMs?: number;
  /** How many pieces a streamed text comes in. */
  readonly chunks?: number;
  /** The socket is destroyed after so many events of a stream (0: after the headers). */
  readonly cutAfter?: number;
  /** After so many events of a stream an error event ends it. */
  readonly errorAfter?: number;
}

/** Totals: `input` includes what was read from and written to the cache, `output` includes reasoning. */
export interface SimulatedUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly reasoning: number;
  readonly inputAudio: number;
  readonly outputAudio: number;
  readonly webSearches: number;
}

/** One request as an API's answer sees it. */
export interface SimulatedCall {
  readonly body: Readonly<Record<string, unknown>>;
  readonly behaviour: Behaviour;
  /** Counts up from 1; makes ids and times that differ and are the same in every run. */
  readonly number: number;
  /** The model asked for. */
  readonly model: string;
}

/** The first n attempts fail, later ones do not; without `failures` a status is for every attempt. */
export function failsNow(behaviour: Behaviour, attempt: number): number | undefined {
  if (behaviour.failures === undefined) return behaviour.status;
  return attempt < behaviour.failures ? (behaviour.status ?? 500) : undefined;
}

/** Providers answer with the dated name of what was asked for. */
const snapshots: Readonly<Record<string, string>> = {
  'gpt-4o': 'gpt-4o-2024-08-06',
  'gpt-4o-mini': 'gpt-4o-mini-2024-07-18',
  'gpt-4.1': 'gpt-4.1-2025-04-14',
  'gpt-4.1-mini': 'gpt-4.1-mini-2025-04-14',
  'gpt-4.1-nano': 'gpt-4.1-nano-2025-04-14',
  'claude-haiku-4-5': 'claude-haiku-4-5-20251001',
  'claude-sonnet-4-5': 'claude-sonnet-4-5-20250929',
};

export function servedModel(call: SimulatedCall): string {
  return call.behaviour.model ?? snapshots[call.model] ?? call.model;
}
