import type { BlockReading } from '../../pricing/usage/blocks/index.ts';
import type { ServiceTier } from '../../pricing/usage/tier.ts';
import type { Unit } from '../../pricing/usage/units.ts';
import type { Counts } from '../../pricing/usage/usage.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What a request says of itself. Nothing of its content. */
export interface RequestFacts {
  readonly model: string | undefined;
  readonly maxTokens: number | undefined;
  readonly stream: boolean;
  /** What is billed by the request alone: the answer is binary and tells nothing. */
  readonly extra?: Counts;
}

/**
 * What an answer has told so far. One object for a call, written in place while chunks arrive: this is the hot path, so
 * readers keep references (the usage block) and leave their meaning to the end.
 */
export interface AnswerFacts {
  id: string | undefined;
  model: string | undefined;
  /** By position of the choice. */
  finishReasons: (string | undefined)[];
  /** OpenAI's own word, where the answer carries one beside the usage block. */
  openaiTier: string | undefined;
  /** The provider's usage block as it came. */
  block: unknown;
  /** Billed units that stand outside the block: built-in tools that are counted from the items of the answer. */
  extra: Partial<Record<Unit, number>> | undefined;
  /** The text that was generated, of whatever kind: what an estimate is made from. Only kept of streams. */
  text: string;
  /** Whether the answer said that it is over. */
  complete: boolean;
  /** An error that came inside a stream. */
  error: string | undefined;
}

export function emptyAnswer(): AnswerFacts {
  return {
    id: undefined,
    model: undefined,
    finishReasons: [],
    openaiTier: undefined,
    block: undefined,
    extra: undefined,
    text: '',
    complete: false,
    error: undefined,
  };
}

/** One wire API: WHAT its requests, answers and stream events mean. How they are observed is no concern of it. */
export interface WireApi {
  readonly name: string;
  /** `gen_ai.operation.name`. */
  readonly operation: string;
  /** `path` is that of the URL: some APIs name the model there. */
  request(body: Json, path: string): RequestFacts;
  /** A complete answer. */
  readBody(body: Json, into: AnswerFacts): void;
  /** One event of a stream. */
  readEvent(event: Json, into: AnswerFacts): void;
  /** The id by which an answer that is not finished yet will be fetched; undefined for one that is. */
  pending?(body: Json): string | undefined;
  /** `provider` is the `gen_ai.provider.name`: hosts that speak one API have fields of their own. */
  readUsage(block: unknown, provider: string): BlockReading;
  /** The tier as served, where the answer tells it outside the usage block. */
  tierOf?(answer: AnswerFacts): ServiceTier | undefined;
  /** Which parts of a request are input, for an estimate. */
  input(body: Json): readonly unknown[];
  /** For APIs whose streams tell their usage only when asked: how to ask, and what only came because of it. */
  asking?(provider: string): Asking;
  /** The answer is sound or a picture: nothing of it is read. */
  readonly binary?: true;
}

export interface Asking {
  /** The request with the question added; undefined where the application has decided itself. */
  ask(body: Json): Json | undefined;
  /** Whether an event is there only because we asked. */
  isAnswer(event: Json): boolean;
  /** Takes out of an event what is in it only because we asked. */
  strip(event: Record<string, unknown>): void;
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter((item) => isJson(item)) : [];
}

/** A text as it is; nothing for anything else. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
