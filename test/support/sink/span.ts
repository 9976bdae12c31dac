/** A span as the sink remembers it, whichever encoding it came in. */
export interface SinkSpan {
  readonly resource: Attributes;
  readonly scope: { readonly name: string; readonly version: string };
  readonly traceId: string;
  readonly spanId: string;
  /** '' for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly status: { readonly code: number; readonly message: string };
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
}

/** Integers within 2^53 are numbers, larger ones bigints; bytes are a Uint8Array. */
export type Value = string | number | bigint | boolean | null | Uint8Array | readonly Value[] | Attributes;
export interface Attributes {
  readonly [key: string]: Value;
}

export function integer(value: bigint): number | bigint {
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}
