/**
 * What the rest of the processor knows of OTLP: a request that was read, its spans, and the same request with attributes
 * spliced in. How the bytes are read stays in this folder.
 */
export type Encoding = 'protobuf' | 'json';

export const signals = ['traces', 'logs', 'metrics'] as const;
export type Signal = (typeof signals)[number];

export type AttributeValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly AttributeValue[]
  | AttributeMap
  | null;
/** An int64 beyond 2^53 is a bigint, any other number a number. Of doubled keys the last wins. */
export type AttributeMap = ReadonlyMap<string, AttributeValue>;

export interface Scope {
  readonly name: string;
  readonly version: string;
}

export interface Span {
  /** Lower-case hex: 32 and 16 digits; '' where the sender gave none or one of a wrong length. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** SpanKind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly attributes: AttributeMap;
  readonly scope: Scope;
  /** The resource's attributes. */
  readonly resource: AttributeMap;
}

/**
 * Attributes to set on one span: existing keys are replaced, never doubled. A number is written as a double; null takes
 * the key away.
 */
export type Additions = Readonly<Record<string, string | number | null>>;

/** Which spans are worth a look. A span that has none of the keys, and no such scope, is passed on unread. */
export interface Interest {
  /** Attribute keys, whole. */
  readonly keys: ReadonlySet<string>;
  readonly isScope: (name: string) => boolean;
}

export interface TraceRequest {
  readonly encoding: Encoding;
  /** Those of interest. */
  readonly spans: readonly Span[];
  /** How many others there are, by the name of their scope. */
  readonly passed: ReadonlyMap<string, number>;
  /** Spans whose own bytes make no sense. They are not in `spans`, and `splice` passes them on as they came. */
  readonly unreadable: number;
  /**
   * The request in its own encoding with `additions` set and `dropped` spans left out; everything else as it came. With
   * nothing to change it returns the original bytes.
   */
  splice(additions: ReadonlyMap<Span, Additions>, dropped?: ReadonlySet<Span>): Uint8Array;
}
