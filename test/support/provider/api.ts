import type { SimulatedCall } from './behaviour.ts';

/** What goes back: a JSON document, or the events of a stream, each framed already. */
export type Reply =
  | { readonly kind: 'json'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'sse'; readonly events: readonly string[] };

/** A mistake in the request, as the API would find it. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly param?: string;
}

/** One wire API: where it lives, what it refuses, what it answers and how it says that something is wrong. */
export interface Api {
  readonly name: string;
  /** Matched against the path without its query, so that Azure's and proxies' prefixes work as well. */
  readonly path: RegExp;
  /** The request headers, any of which carries the key. */
  readonly keyHeaders: readonly string[];
  refuse(body: Readonly<Record<string, unknown>>): Refusal | undefined;
  answer(call: SimulatedCall): Reply;
  error(status: number, refusal: Partial<Refusal>, number: number): Readonly<Record<string, unknown>>;
  /** The error as an event inside a stream that began well. */
  errorEvent(number: number): string;
  /** Response headers beside the content type. */
  headers(number: number): Readonly<Record<string, string>>;
}

/** A server-sent event without a name, as OpenAI's chat completions send them. */
export function dataEvent(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** A server-sent event named by its `type`. */
export function namedEvent(data: Readonly<Record<string, unknown>> & { readonly type: string }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** An id that is the same in every run. */
export function idOf(prefix: string, number: number): string {
  return `${prefix}${number.toString(36).padStart(24, '0')}`;
}

/** Seconds since the epoch, the same in every run, one apart. */
export function createdAt(number: number): number {
  return 1_790_000_000 + number;
}
