import { isUnit, units, type Unit } from './units.ts';

/** What was used: whole, non-negative, disjoint counts. A unit that is missing was not used. */
export type Counts = Readonly<Partial<Record<Unit, number>>>;

/**
 * How a usage came about.
 * - `reported`: the meaning of every count is known (the provider's own block, or a source whose convention is known)
 * - `assumed`: whether input includes the cache had to be taken from the convention's rule (reference: GenAI semantic
 *   conventions, "input_tokens SHOULD include cached tokens")
 */
export type Basis = 'reported' | 'assumed';

/** Whether the counts are what the provider said. Absent is never zero. */
export type UsageState = 'reported' | 'estimated' | 'incomplete' | 'absent';

export type Usage =
  | { readonly status: 'known'; readonly counts: Counts; readonly basis: Basis }
  | { readonly status: 'missing' }
  | { readonly status: 'invalid'; readonly detail: string };

/** Totals as most APIs and conventions give them: `input` includes every cache and modality count, `output` reasoning. */
export interface InclusiveTotals {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  /** Parts of `input`. */
  readonly cacheRead?: number | undefined;
  readonly cacheWrite5m?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
  readonly cacheWrite12h?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly inputAudio?: number | undefined;
  readonly inputImage?: number | undefined;
  readonly inputVideo?: number | undefined;
  /** Parts of both `cacheRead` and the modality's input. */
  readonly cacheReadAudio?: number | undefined;
  readonly cacheReadImage?: number | undefined;
  readonly cacheReadVideo?: number | undefined;
  /** Parts of `output`. */
  readonly reasoning?: number | undefined;
  readonly outputAudio?: number | undefined;
  readonly outputImage?: number | undefined;
  readonly outputVideo?: number | undefined;
  /** Units that are no tokens, or already disjoint. */
  readonly other?: Counts | undefined;
}

/**
 * Makes totals disjoint. Never clamps: a part larger than its whole, a negative, fractional or unsafe count is `invalid`,
 * with the names and figures in `detail`.
 *
 * @example fromInclusive({ input: 25_000, cacheRead: 20_000, cacheWrite5m: 4_000, output: 500 }, 'reported')
 * // counts { input: 1000, cache_read: 20000, cache_write_5m: 4000, output: 500 }
 */
export function fromInclusive(totals: InclusiveTotals, basis: Basis): Usage {
  const { other } = totals;
  // No lists of keys or entries: this runs inside every call of an instrumented application.
  for (const name in totals) {
    if (name === 'other') continue;
    const count = totals[name as Exclude<keyof InclusiveTotals, 'other'>];
    const problem = count === undefined ? undefined : countProblem(name, count);
    if (problem !== undefined) return { status: 'invalid', detail: problem };
  }
  const zero = (count: number | undefined): number => count ?? 0;
  const cachedModalities = zero(totals.cacheReadAudio) + zero(totals.cacheReadImage) + zero(totals.cacheReadVideo);
  const cacheRead = zero(totals.cacheRead) - cachedModalities;
  const inputAudio = zero(totals.inputAudio) - zero(totals.cacheReadAudio);
  const inputImage = zero(totals.inputImage) - zero(totals.cacheReadImage);
  const inputVideo = zero(totals.inputVideo) - zero(totals.cacheReadVideo);
  const cacheWrites =
    zero(totals.cacheWrite5m) + zero(totals.cacheWrite1h) + zero(totals.cacheWrite12h) + zero(totals.cacheWrite);
  const inputParts = cacheRead + cachedModalities + cacheWrites + inputAudio + inputImage + inputVideo;
  const outputAudioVisual = zero(totals.outputAudio) + zero(totals.outputImage) + zero(totals.outputVideo);
  const outputParts = zero(totals.reasoning) + outputAudioVisual;
  const leaves: Partial<Record<Unit, number>> = {
    input: zero(totals.input) - inputParts,
    cache_read: cacheRead,
    cache_write_5m: zero(totals.cacheWrite5m),
    cache_write_1h: zero(totals.cacheWrite1h),
    cache_write_12h: zero(totals.cacheWrite12h),
    cache_write: zero(totals.cacheWrite),
    input_audio: inputAudio,
    input_image: inputImage,
    input_video: inputVideo,
    cache_read_audio: zero(totals.cacheReadAudio),
    cache_read_image: zero(totals.cacheReadImage),
    cache_read_video: zero(totals.cacheReadVideo),
    output: zero(totals.output) - outputParts,
    reasoning: zero(totals.reasoning),
    output_audio: zero(totals.outputAudio),
    output_image: zero(totals.outputImage),
    output_video: zero(totals.outputVideo),
  };
  if (leaves.input !== undefined && leaves.input < 0)
    return {
      status: 'invalid',
      detail: `cached, written and modality tokens (${inputParts}) exceed input (${zero(totals.input)})`,
    };
  if (leaves.output !== undefined && leaves.output < 0)
    return {
      status: 'invalid',
      detail: `reasoning and modality tokens (${outputParts}) exceed output (${zero(totals.output)})`,
    };
  return other === undefined ? known(leaves, basis) : fromDisjoint({ ...leaves, ...other }, basis);
}

/**
 * Checks counts that are disjoint already. Zero counts are left out; an unknown unit, or a negative, fractional or unsafe
 * count, is `invalid`.
 */
export function fromDisjoint(counts: Readonly<Record<string, number | undefined>>, basis: Basis): Usage {
  for (const name in counts)
    if (Object.hasOwn(counts, name) && counts[name] !== undefined && !isUnit(name))
      return { status: 'invalid', detail: `"${name}" is not a unit` };
  return known(counts, basis);
}

function known(counts: Counts, basis: Basis): Usage {
  const kept: Partial<Record<Unit, number>> = {};
  for (const name in counts) {
    const count = counts[name as Unit];
    if (count === undefined || count === 0) continue;
    const problem = countProblem(name, count);
    if (problem !== undefined) return { status: 'invalid', detail: problem };
    kept[name as Unit] = count;
  }
  return { status: 'known', counts: kept, basis };
}

/** Every input token, cached or not, of any modality: what long-context tiers are measured by. */
export function inputTokens(counts: Counts): number {
  return total(counts, 'input');
}

/** Every output token, reasoning included. */
export function outputTokens(counts: Counts): number {
  return total(counts, 'output');
}

function total(counts: Counts, direction: 'input' | 'output'): number {
  let sum = 0;
  for (const name in counts) {
    const unit = units[name as Unit];
    if (unit.kind === 'token' && unit.direction === direction) sum += counts[name as Unit] ?? 0;
  }
  return sum;
}

function countProblem(name: string, count: number): string | undefined {
  if (!Number.isSafeInteger(count)) return `${name} is ${count}, not a whole number below 2^53`;
  return count < 0 ? `${name} is negative (${count})` : undefined;
}
