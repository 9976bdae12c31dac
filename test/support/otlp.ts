/** OTLP trace requests for tests, written in both encodings from one description; independent of the processor's own code. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export type TestValue =
  | string
  | boolean
  | { readonly int: bigint }
  | { readonly double: number }
  | { readonly bytes: Uint8Array }
  | readonly TestValue[]
  | { readonly pairs: readonly TestAttribute[] };
export type TestAttribute = readonly [key: string, value: TestValue];

export interface TestSpan {
  /** Hex. */
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly start?: bigint;
  readonly end?: bigint;
  readonly status?: { readonly code: number; readonly message?: string };
  readonly attributes?: readonly TestAttribute[];
  /** Names of events: something in a span that we never look into. */
  readonly events?: readonly string[];
}

export interface TestRequest {
  readonly resource?: readonly TestAttribute[];
  readonly scopes: readonly { readonly name: string; readonly version?: string; readonly spans: readonly TestSpan[] }[];
}

export const tokens = (count: number): TestValue => ({ int: BigInt(count) });

/** A gpt-4o call of 800 in and 200 out: $0.004 at any time since October 2024. */
export function chatSpan(n: number, attributes: Readonly<Record<string, TestValue>> = {}): TestSpan {
  return {
    traceId: n.toString(16).padStart(32, 'a'),
    spanId: n.toString(16).padStart(16, 'b'),
    name: 'chat gpt-4o',
    kind: 3,
    start: 1_790_000_000_000_000_000n + BigInt(n) * 1_000_000_000n,
    end: 1_790_000_001_000_000_000n + BigInt(n) * 1_000_000_000n,
    attributes: Object.entries({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.usage.input_tokens': tokens(800),
      'gen_ai.usage.output_tokens': tokens(200),
      ...attributes,
    }),
  };
}

export function request(...spans: readonly TestSpan[]): TestRequest {
  return { resource: [['service.name', 'shop']], scopes: [{ name: 'test', spans }] };
}

export function encodeJson({ resource = [], scopes }: TestRequest): Buffer {
  const scopeSpans = scopes.map(({ name, version = '', spans }) => ({
    scope: { name, version },
    spans: spans.map((span) => ({
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      name: span.name,
      kind: span.kind,
      startTimeUnixNano: span.start?.toString(),
      endTimeUnixNano: span.end?.toString(),
      attributes: span.attributes?.map(jsonAttribute),
      events: span.events?.map((name) => ({ name, timeUnixNano: '1' })),
      status: span.status,
    })),
  }));
  return Buffer.from(
    JSON.stringify({ resourceSpans: [{ resource: { attributes: resource.map(jsonAttribute) }, scopeSpans }] }),
  );
}

export function encodeProtobuf({ resource = [], scopes }: TestRequest): Buffer {
  const scopeSpans = scopes.map(({ name, version = '', spans }) =>
    message([1, message([1, name], [2, version])], ...spans.map((span) => [2, encodeSpan(span)] as const)),
  );
  const resourceBytes = message(...resource.map((pair) => [1, encodeAttribute(pair)] as const));
  return Buffer.from(message([1, message([1, resourceBytes], ...scopeSpans.map((bytes) => [2, bytes] as const))]));
}

export function encodeSpan(span: TestSpan): Uint8Array {
  const bytes = message(
    [1, hexBytes(span.traceId)],
    [2, hexBytes(span.spanId)],
    [4, hexBytes(span.parentSpanId)],
    [5, span.name],
    ...(span.attributes ?? []).map((pair) => [9, encodeAttribute(pair)] as const),
    ...(span.events ?? []).map((name) => [11, message([2, name])] as const),
    [15, span.status === undefined ? undefined : encodeStatus(span.status)],
  );
  const writer = new BinaryWriter().raw(bytes);
  if (span.kind !== undefined) writer.tag(6, WireType.Varint).int32(span.kind);
  if (span.start !== undefined) writer.tag(7, WireType.Bit64).fixed64(span.start);
  if (span.end !== undefined) writer.tag(8, WireType.Bit64).fixed64(span.end);
  return writer.finish();
}

type Field = readonly [number: number, value: string | Uint8Array | undefined];

/** Length-delimited fields in the order given; undefined ones are left out. */
export function message(...fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, value] of fields) {
    if (value === undefined) continue;
    writer.tag(number, WireType.LengthDelimited);
    if (typeof value === 'string') writer.string(value);
    else writer.bytes(value);
  }
  return writer.finish();
}

/** google.rpc.Status: its code, its message, and of which types its details are. */
export function readStatus(bytes: Uint8Array): { code: number; message: string; details: string[] } {
  const status = { code: 0, message: '', details: [] as string[] };
  for (const reader = new BinaryReader(bytes); reader.pos < reader.len;) {
    const [field, wireType] = reader.tag();
    if (field === 1) status.code = reader.int32();
    else if (field === 2) status.message = reader.string();
    else if (field === 3) {
      const any = new BinaryReader(reader.bytes());
      if (any.tag()[0] === 1) status.details.push(any.string());
    } else reader.skip(wireType, field);
  }
  return status;
}

function encodeStatus({ code, message: text }: NonNullable<TestSpan['status']>): Uint8Array {
  return new BinaryWriter()
    .raw(message([2, text]))
    .tag(3, WireType.Varint)
    .int32(code)
    .finish();
}

export function encodeAttribute([key, value]: TestAttribute): Uint8Array {
  return message([1, key], [2, encodeValue(value)]);
}

function encodeValue(value: TestValue): Uint8Array {
  if (typeof value === 'string') return message([1, value]);
  if (typeof value === 'boolean') return new BinaryWriter().tag(2, WireType.Varint).bool(value).finish();
  if ('int' in value) return new BinaryWriter().tag(3, WireType.Varint).int64(value.int).finish();
  if ('double' in value) return new BinaryWriter().tag(4, WireType.Bit64).double(value.double).finish();
  if ('bytes' in value) return message([7, value.bytes]);
  if ('pairs' in value) return message([6, message(...value.pairs.map((pair) => [1, encodeAttribute(pair)] as const))]);
  return message([5, message(...value.map((item) => [1, encodeValue(item)] as const))]);
}

function jsonAttribute([key, value]: TestAttribute): unknown {
  return { key, value: jsonValue(value) };
}

function jsonValue(value: TestValue): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if ('int' in value) return { intValue: value.int.toString() };
  if ('double' in value) return { doubleValue: Number.isFinite(value.double) ? value.double : String(value.double) };
  if ('bytes' in value) return { bytesValue: Buffer.from(value.bytes).toString('base64') };
  if ('pairs' in value) return { kvlistValue: { values: value.pairs.map(jsonAttribute) } };
  return { arrayValue: { values: value.map(jsonValue) } };
}

function hexBytes(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'hex');
}
