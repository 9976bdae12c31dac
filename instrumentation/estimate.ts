import type { FinishedCall } from './finished-call.ts';
import { failed } from './contain.ts';

/**
 * Token counts where the provider gave none (an aborted or cut stream). They are made by a tokenizer (`tokens.ts`), of the
 * texts that were sent and received, and by a rule until it has answered or where it cannot be had: one token for every
 * four bytes of UTF-8, rounded up. Every count made here is marked (`spanledger.usage.estimated`).
 */
export interface Texts {
  /** The model asked for: it decides the vocabulary. */
  readonly model: string | undefined;
  readonly input: readonly string[];
  readonly output: string;
}

export interface TokenEstimate {
  readonly input: number;
  readonly output: number;
}

export type CountTokens = (texts: Texts) => Promise<TokenEstimate>;

/** @example estimateByRule({ model: 'gpt-4o', input: ['Hello'], output: '' }) // { input: 2, output: 0 } */
export function estimateByRule({ input, output }: Texts): TokenEstimate {
  const tokens = (bytes: number): number => Math.ceil(bytes / 4);
  return {
    input: tokens(input.reduce((sum, text) => sum + Buffer.byteLength(text), 0)),
    output: tokens(Buffer.byteLength(output)),
  };
}

/** Keys whose strings are no prose: media, ids, links. They would be counted as many tokens that they are not. */
const skipped = new Set([
  'data',
  'url',
  'image_url',
  'file_data',
  'file_id',
  'id',
  'type',
  'role',
  'format',
  'detail',
  'media_type',
  'encrypted_content',
  'signature',
]);
const deepest = 12;

/**
 * The texts in part of a request, wherever they stand.
 *
 * @example textsOf([{ role: 'user', content: 'Hello' }]) // ['Hello']
 */
export function textsOf(value: unknown, into: string[] = [], depth = 0): string[] {
  if (typeof value === 'string') into.push(value);
  if (typeof value !== 'object' || value === null || depth > deepest || ArrayBuffer.isView(value)) return into;
  if (Array.isArray(value)) for (const item of value) textsOf(item, into, depth + 1);
  else for (const [key, item] of Object.entries(value)) if (!skipped.has(key)) textsOf(item, into, depth + 1);
  return into;
}

/** Calls that may wait for their counts at once. */
const mostWaiting = 256;

export interface Estimates {
  /** Emits a call, at once where its counts are the provider's own, else when they have been made. */
  emit(call: FinishedCall): void;
  /** Resolves when no call waits any more; those that still do after `limitMs` are emitted by the rule. */
  settle(limitMs: number): Promise<void>;
  /** Emits every call that waits, by the rule. */
  giveUp(): void;
}

/** Puts the counting of tokens between calls and `emit`. */
export function createEstimates(count: CountTokens, emit: (call: FinishedCall) => void): Estimates {
  const waiting = new Set<FinishedCall>();
  /** Whoever waits until none waits: the end of the process may be told more than once. */
  const idle = new Set<() => void>();
  const release = (call: FinishedCall, counted: FinishedCall): void => {
    if (!waiting.delete(call)) return;
    emit(counted);
    if (waiting.size > 0) return;
    for (const resolve of idle) resolve();
    idle.clear();
  };
  const giveUp = (): void => {
    for (const call of waiting) release(call, call);
  };
  return {
    emit(call) {
      const { estimated } = call;
      if (estimated === undefined || waiting.size >= mostWaiting) return emit(call);
      waiting.add(call);
      count(estimated.texts).then(
        (tokens) => release(call, estimated.by(tokens)),
        (error: unknown) => {
          failed(error);
          release(call, call);
        },
      );
    },
    async settle(limitMs) {
      if (waiting.size === 0) return;
      const timer = setTimeout(giveUp, limitMs);
      await new Promise<void>((resolve) => {
        idle.add(resolve);
      });
      clearTimeout(timer);
    },
    giveUp,
  };
}
